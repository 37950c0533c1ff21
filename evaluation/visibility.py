"""Who may see what of an evaluation, and from when: the one table that serializers, pages and tests share.

Until all sheets are signed each evaluator sees the own sheet and nobody else sees any (评标应当保密, 招标投标法 第38条).
The names of the members are secret until the award (第37条); in the log and on pages they stand under aliases.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from typing import Any

from kernel.errors import Words
from kernel.law import holds
from kernel.visibility import Table, alike, each, since


class Viewer(StrEnum):
    """Everybody who may ask. SEAT is the member the thing belongs to, MEMBER another one of the same committee."""

    SEAT = "seat"
    MEMBER = "member"
    OPS = "ops"
    OWNER = "owner"
    AGENCY = "agency"
    SUP = "sup"
    INSP = "insp"
    MGR = "mgr"
    FIN = "fin"
    TECH = "tech"
    BIDDER = "bidder"
    EXPERT = "expert"
    PUBLIC = "public"


class Phase(IntEnum):
    """Where a lot's evaluation stands, as far as its secrets are concerned."""

    NONE = 0
    FORMED = 1
    SCORING = 2
    REPORT = 3
    RESULT = 4
    AWARDED = 5


class Field(StrEnum):
    """What a page, an answer or a file may show."""

    ALIASES = "aliases"
    NAMES = "names"
    DECLARATION = "declaration"
    DEPARTURE = "departure"
    DOCUMENTS = "documents"
    DRAFT = "draft"
    SHEET = "sheet"
    RETURNED = "returned"
    SIGNED_COUNT = "signed_count"
    DOCS_OPENED = "docs_opened"
    TIME = "time"
    SHORT_OF_TIME = "short_of_time"
    REPORT = "report"
    REPORT_SIGNED = "report_signed"
    RESULT = "result"


_V, _P = Viewer, Phase
_HIDDEN = "《招标投标法》第三十七条、第三十八条；财政部令第87号第六十六条"
_ALL, _WATCHING = tuple(Viewer), (_V.OPS, _V.SUP, _V.INSP)

TABLE: Table[Viewer, Phase] = Table(
    "evaluation",
    Words("评标", "Evaluation"),
    {
        _V.SEAT: Words("评委本人", "The member itself"),
        _V.MEMBER: Words("同一委员会成员", "Other members"),
        _V.OPS: Words("中心业务人员", "Centre's operators"),
        _V.OWNER: Words("招标人", "Owner"),
        _V.AGENCY: Words("代理机构", "Agency"),
        _V.SUP: Words("行政监督部门", "Supervising authority"),
        _V.INSP: Words("监察审计", "Inspection"),
        _V.MGR: Words("交易管理机构", "Management office"),
        _V.FIN: Words("中心财务", "Centre's finance"),
        _V.TECH: Words("技术人员", "Technicians"),
        _V.BIDDER: Words("投标人", "Bidders"),
        _V.EXPERT: Words("其他专家", "Other experts"),
        _V.PUBLIC: Words("公众", "Public"),
    },
    {
        _P.NONE: Words("未组建", "No committee"),
        _P.FORMED: Words("已组建", "Committee formed"),
        _P.SCORING: Words("评审中", "Scoring"),
        _P.REPORT: Words("签署报告", "Report being signed"),
        _P.RESULT: Words("结果已出", "Result published"),
        _P.AWARDED: Words("已定标", "Awarded"),
    },
    {
        **alike(
            each(_ALL, since(_P.FORMED)), _HIDDEN,
            aliases=("评委代号", "aliases"), docs_opened=("技术文件已开启", "whether the documents are open"), time=("计划评审截止", "planned end of the evaluation"),
        ),
        **alike(
            each(_ALL, since(_P.AWARDED)) | each((_V.SEAT, *_WATCHING), since(_P.FORMED)),
            "《招标投标法》第三十七条；财政部令第87号第四十七条", names=("评委姓名", "members' names"),
        ),
        **alike(each((_V.SEAT, *_WATCHING), since(_P.FORMED)), _HIDDEN, declaration=("回避声明", "declaration of conflicts")),
        **alike(each(_WATCHING, since(_P.FORMED)), _HIDDEN, departure=("更换评委的原因", "why a member was replaced")),
        **alike(each((_V.SEAT, _V.MEMBER), since(_P.SCORING)), _HIDDEN, documents=("投标文件", "bids' documents")),
        **alike(each((_V.SEAT,), since(_P.SCORING)), _HIDDEN, draft=("评分草稿", "draft of a sheet"), returned=("退回说明", "why a sheet came back")),
        **alike(
            each(_ALL, since(_P.AWARDED)) | each((_V.MEMBER, _V.OWNER, _V.SUP, _V.INSP), since(_P.RESULT)) | each((_V.SEAT,), since(_P.SCORING)),
            _HIDDEN, sheet=("评分表", "signed sheet"),
        ),
        **alike(each((_V.SEAT, _V.MEMBER, *_WATCHING), since(_P.SCORING)), _HIDDEN, signed_count=("已签人数", "how many have signed")),
        **alike(each((_V.SEAT, *_WATCHING), since(_P.SCORING)), _HIDDEN, short_of_time=("谁认为时间不够及理由", "who finds the time too short, and why")),
        **alike(
            each(_ALL, since(_P.RESULT)) | each((_V.SEAT, _V.MEMBER, _V.SUP, _V.INSP), since(_P.REPORT)),
            "《招标投标法实施条例》第五十三条、第五十四条", report=("评标报告", "evaluation report"),
        ),
        **alike(
            each(_ALL, since(_P.RESULT)) | each((_V.SEAT, _V.MEMBER, *_WATCHING), since(_P.REPORT)),
            "《招标投标法实施条例》第五十三条", report_signed=("报告签署情况", "who has signed the report"),
        ),
        **alike(each(_ALL, since(_P.RESULT)), "《招标投标法实施条例》第五十四条；财政部令第87号第六十九条", result=("评标结果", "result")),
    },
)  # fmt: skip
"""From which phase a viewer sees a field; a viewer that is not named never does."""


@holds("award:committee.names")
def may_see(viewer: Viewer, phase: Phase, field: Field) -> bool:
    return TABLE.may_see(viewer, phase, field)


def shown(viewer: Viewer, phase: Phase, values: Mapping[Field, Any]) -> dict[str, Any]:
    """The fields of `values` that the table lets this viewer see; the rest are not even named."""
    return TABLE.shown(viewer, phase, values)
