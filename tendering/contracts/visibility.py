"""Who sees what of an award's messages and of the papers after it, and when."""

from __future__ import annotations

from enum import StrEnum

from accounts.actor import Actor
from accounts.roles import Role
from kernel.errors import Words
from kernel.visibility import Table, alike, each, since
from tendering.contracts import after, course, messages, papers
from tendering.contracts.models import Message, Paper
from tendering.models import Lot
from tendering.visibility import of_project


class Viewer(StrEnum):
    WINNER = "winner"
    BIDDER = "bidder"
    """Another bidder: what it was told itself."""
    PROJECT = "project"
    AUTHORITY = "authority"
    PUBLIC = "public"


class Stage(StrEnum):
    """In the order of a contract's life; the last one where the law publishes its text."""

    AWARDED = "awarded"
    UPLOADED = "uploaded"
    SIGNED = "signed"
    PUBLISHED = "published"


_V = Viewer
_TOLD = "《招标投标法》第四十五条；财政部令第87号第六十九条"
_PAPERS = "《招标投标法》第四十六条、第四十七条；《政府采购法实施条例》第五十条"
_PARTIES = (_V.WINNER, _V.PROJECT, _V.AUTHORITY)

TABLE: Table[Viewer, Stage] = Table(
    "contract",
    Words("中标通知与合同", "Notice of award and contract"),
    {
        _V.WINNER: Words("中标人", "Winner"),
        _V.BIDDER: Words("未中标人（本单位）", "Another bidder (its own)"),
        _V.PROJECT: Words("招标人、代理机构", "Owner and agency"),
        _V.AUTHORITY: Words("监督、监察部门", "Supervision and inspection"),
        _V.PUBLIC: Words("公众及其他人", "Public and everybody else"),
    },
    {
        Stage.AWARDED: Words("已定标", "Awarded"),
        Stage.UPLOADED: Words("合同已上传", "Contract handed in"),
        Stage.SIGNED: Words("双方已签", "Signed by both"),
        Stage.PUBLISHED: Words("依法公开", "Published by law"),
    },
    {
        **alike(each((_V.WINNER, _V.BIDDER), Stage), _TOLD, outcome=("本单位的得分和理由", "one's own scores and reasons")),
        **alike(each((_V.WINNER, _V.PROJECT), Stage), _TOLD, notice=("中标通知书", "notice of award")),
        **alike(each((_V.PROJECT, _V.AUTHORITY), Stage), "《招标投标法》第四十七条", report=("书面报告", "written report")),
        **alike(
            each((_V.WINNER, _V.PROJECT), since(Stage.UPLOADED)) | each((_V.AUTHORITY, _V.BIDDER, _V.PUBLIC), since(Stage.SIGNED)),
            _PAPERS, terms=("合同价和期限", "price and period"),
        ),
        **alike(
            each(_PARTIES, since(Stage.UPLOADED)) | each((_V.BIDDER, _V.PUBLIC), (Stage.PUBLISHED,)),
            _PAPERS, text=("合同文本", "text of the contract"),
        ),
        **alike(each(_PARTIES, since(Stage.SIGNED)), _PAPERS, change=("变更协议", "text of a change"), acceptance=("验收文件", "acceptance paper")),
    },
)  # fmt: skip
FIELD = {papers.REPORT: "report", papers.CONTRACT: "text", papers.CHANGE: "change", papers.ACCEPTANCE: "acceptance"}
"""The row of each kind of paper."""


def viewer(lot: Lot, number: int, actor: Actor | None) -> Viewer:
    """As what the actor looks at the award of that round."""
    if actor is None:
        return Viewer.PUBLIC
    told = next((one for one in messages.of_round(lot.code, number) if _to(one, actor)), None)
    if told is not None:
        return Viewer.WINNER if told.kind == messages.NOTICE else Viewer.BIDDER
    if of_project(lot.tender, actor):
        return Viewer.PROJECT
    return Viewer.AUTHORITY if actor.roles & {Role.SUP, Role.INSP} else Viewer.PUBLIC


def _to(message: Message, actor: Actor) -> bool:
    return message.organization == actor.organization_id


def stage(lot: Lot, contract: Paper | None) -> Stage:
    if contract is None:
        return Stage.AWARDED
    if contract.owner_sig is None or contract.winner_sig is None:
        return Stage.UPLOADED
    return Stage.PUBLISHED if after.text_is_public(lot) else Stage.SIGNED


def may_read(lot: Lot, paper: Paper, actor: Actor | None) -> bool:
    """Whether the actor may read the document behind this paper."""
    contract = paper if paper.kind == papers.CONTRACT else papers.current(lot, papers.CONTRACT)
    return TABLE.may_see(viewer(lot, paper.round, actor), stage(lot, contract), FIELD[paper.kind])


def fields(lot: Lot, actor: Actor | None) -> frozenset[str]:
    """What the actor sees of the award that stands now."""
    contract = papers.current(lot, papers.CONTRACT)
    return TABLE.fields(viewer(lot, course.round_of(lot.code), actor), stage(lot, contract))
