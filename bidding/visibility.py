"""Who may see what of the bids on a lot, and from when: the one table that serializers and tests share.

Before the opening nobody but the bidder itself learns of a bid, that there is one, or how many there are: neither
owner, agency, supervisors nor the centre's own staff (招标投标法 第22条, log-and-nodes.md section 2). From then on
all people see the same, so the table knows only "the party itself" and "everybody".
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from typing import Any

from kernel.errors import Words
from kernel.visibility import Row, Table, alike, since


class Viewer(StrEnum):
    """Everybody who may ask; all but SELF are strangers to a bid, whatever their office."""

    SELF = "self"
    OTHER_BIDDER = "other_bidder"
    OWNER = "owner"
    AGENCY = "agency"
    OPS = "ops"
    FIN = "fin"
    TECH = "tech"
    SUP = "sup"
    INSP = "insp"
    MGR = "mgr"
    EXPERT = "expert"
    PUBLIC = "public"


class Phase(IntEnum):
    """Where a lot stands, as far as its bids' secrets are concerned; FAILED is the close of too few bids."""

    COLLECTING = 0
    SEALED = 1
    CLOSED = 2
    UNSEALING = 3
    READOUT = 4
    RECORDED = 5


class Field(StrEnum):
    """What a page, an answer or a file may show of bids."""

    UPLOAD = "upload"
    RECEIPT = "receipt"
    ACKS = "acks"
    MANIFEST = "manifest"
    STATUS = "status"
    COUNT = "count"
    ROLL_HASHES = "roll_hashes"
    PROGRESS = "progress"
    BIDDER = "bidder"
    PRICE = "price"
    SHEET = "sheet"
    CONFIRMED = "confirmed"
    OBJECTION = "objection"
    CIPHERTEXT = "ciphertext"
    RECORD = "record"


_HIDDEN = "《招标投标法》第二十二条；《电子招标投标办法》第二十六条、第四十二条"
_READ_OUT = "《招标投标法》第三十六条；《电子招标投标办法》第三十条"
_RECORDED = "《招标投标法》第三十六条；《电子招标投标办法》第三十三条"
_STRANGERS = tuple(viewer for viewer in Viewer if viewer is not Viewer.SELF)


def _rows(
    own: Phase | None, everybody: Phase | None, law: str, **words: tuple[str, str]
) -> dict[str, Row[Viewer, Phase]]:
    """From which phase the party itself and from which everybody sees these fields; None is never."""
    seen: dict[Viewer, frozenset[Phase]] = {Viewer.SELF: since(min(one for one in (own, everybody) if one is not None))}
    if everybody is not None:
        seen |= dict.fromkeys(_STRANGERS, since(everybody))
    return alike(seen, law, frozenset(), **words)


TABLE: Table[Viewer, Phase] = Table(
    "bid",
    Words("投标与开标", "Bids and their opening"),
    {
        Viewer.SELF: Words("投标人本人", "The bidder itself"),
        Viewer.OTHER_BIDDER: Words("其他投标人", "Other bidders"),
        Viewer.OWNER: Words("招标人", "Owner"),
        Viewer.AGENCY: Words("代理机构", "Agency"),
        Viewer.OPS: Words("中心业务人员", "Centre's operators"),
        Viewer.FIN: Words("中心财务", "Centre's finance"),
        Viewer.TECH: Words("技术人员", "Technicians"),
        Viewer.SUP: Words("行政监督部门", "Supervising authority"),
        Viewer.INSP: Words("监察审计", "Inspection"),
        Viewer.MGR: Words("交易管理机构", "Management office"),
        Viewer.EXPERT: Words("评标专家", "Experts"),
        Viewer.PUBLIC: Words("公众", "Public"),
    },
    {
        Phase.COLLECTING: Words("接收投标", "Taking bids"),
        Phase.SEALED: Words("截止，名册未入日志", "Closed, roll not in the log"),
        Phase.CLOSED: Words("名册已公布", "Roll published"),
        Phase.UNSEALING: Words("正在解密", "Unsealing"),
        Phase.READOUT: Words("唱标", "Read-out"),
        Phase.RECORDED: Words("开标记录已签", "Opening recorded"),
    },
    {
        **_rows(Phase.COLLECTING, None, _HIDDEN, upload=("上传进度", "upload")),
        **_rows(
            Phase.COLLECTING, Phase.RECORDED, _HIDDEN,
            receipt=("回执", "receipt"), acks=("节点收讫", "nodes' acknowledgements"), manifest=("封标清单", "manifest"),
        ),
        **_rows(Phase.COLLECTING, Phase.CLOSED, _HIDDEN, status=("投标状态", "standing of the bid")),
        **_rows(Phase.CLOSED, Phase.CLOSED, _HIDDEN, count=("投标份数", "number of bids"), roll_hashes=("名册摘要", "hashes of the roll")),
        **_rows(Phase.UNSEALING, Phase.UNSEALING, _READ_OUT, progress=("解密进度", "progress of unsealing")),
        **_rows(Phase.COLLECTING, Phase.READOUT, _READ_OUT, bidder=("投标人名称", "bidder's name")),
        **_rows(
            Phase.READOUT, Phase.READOUT, _READ_OUT,
            price=("报价", "price"), confirmed=("投标人确认", "bidder's confirmation"), objection=("现场异议", "objection on the spot"),
        ),
        **_rows(Phase.READOUT, Phase.RECORDED, _RECORDED, sheet=("开标一览表", "sheet as unsealed")),
        **_rows(None, Phase.RECORDED, _RECORDED, ciphertext=("密文", "ciphertext")),
        **_rows(Phase.RECORDED, Phase.RECORDED, _RECORDED, record=("开标记录", "opening record")),
    },
)  # fmt: skip


def may_see(viewer: Viewer, phase: Phase, field: Field) -> bool:
    return TABLE.may_see(viewer, phase, field)


def shown(viewer: Viewer, phase: Phase, values: Mapping[Field, Any]) -> dict[str, Any]:
    """The fields of `values` that the table lets this viewer see; the rest are not even named."""
    return TABLE.shown(viewer, phase, values)
