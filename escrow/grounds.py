"""On which grounds of the law a deposit may be kept (C29). Pure."""

from __future__ import annotations

from dataclasses import dataclass

from kernel.errors import Words
from kernel.law import holds
from tendering.packs import Kind, Pack


@dataclass(frozen=True)
class Ground:
    words: Words
    law: str


GROUNDS: dict[str, Ground] = {
    "revoked": Ground(Words("投标截止后撤销投标文件", "The bid was revoked after the deadline"), ""),
    "no_contract": Ground(
        Words("无正当理由不与招标人订立合同或者提出附加条件", "The winner refuses the contract, or adds conditions"),
        "《招标投标法实施条例》第七十四条；《政府采购法》第七十七条",
    ),
    "no_bond": Ground(
        Words("不按照招标文件要求提交履约保证金", "The winner gives no performance bond"),
        "《招标投标法实施条例》第七十四条",
    ),
}


@holds("deposit_kept")
def legal_head(pack: Pack, ground: str) -> str | None:
    """The clause by which a deposit may be kept on this ground; None where the tender's law has none (C29)."""
    if ground == "revoked":
        found = pack.find(Kind.DECISION, "deposit_kept")
        return found[0].cited if found else None
    return GROUNDS[ground].law if ground in GROUNDS else None
