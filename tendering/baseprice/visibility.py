"""Who sees what of a base price, and when: that there is one is public; the amount nobody sees before the opening (C20.base)."""

from __future__ import annotations

from enum import IntEnum, StrEnum

from kernel.errors import Words
from kernel.visibility import Table, alike, each, since


class Viewer(StrEnum):
    OWNER = "owner"
    """Its people know what they wrote; the platform cannot show it to them either."""
    PUBLIC = "public"


class Phase(IntEnum):
    SEALED = 0
    READ_OUT = 1


_LAW = "《招标投标法》第二十二条；《招标投标法实施条例》第二十七条"
TABLE: Table[Viewer, Phase] = Table(
    "base_price",
    Words("标底", "Base price"),
    {Viewer.OWNER: Words("招标人", "Owner"), Viewer.PUBLIC: Words("公众及其他人", "Public and everybody else")},
    {Phase.SEALED: Words("已封存", "Sealed"), Phase.READ_OUT: Words("已公布", "Read out")},
    {
        **alike(each(Viewer, Phase), _LAW, sealed=("设有标底", "that there is one"), sha256=("封存文件摘要", "hash of the sealed file")),
        **alike(
            each(Viewer, since(Phase.READ_OUT)), _LAW,
            amount=("标底金额", "amount"), unread=("不能开启的原因", "why it could not be opened"),
        ),
    },
)  # fmt: skip
