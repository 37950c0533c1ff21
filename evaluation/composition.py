"""How many sit on a committee and how many of them are experts, by the numbers of the tender's law pack. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from fractions import Fraction

from kernel.errors import Invalid
from kernel.law import holds
from kernel.money import Fen
from tendering.packs import Kind, Pack, Rule


class SeatKind(StrEnum):
    """As what a member sits."""

    EXPERT = "expert"
    OWNER = "owner"
    """The owner's representative: a member with a vote, in procurement never the chair."""


def budget(ceilings: Iterable[Fen | None]) -> Fen:
    """What the whole tender may cost, by the published ceilings of its lots."""
    return Fen(sum(one or 0 for one in ceilings))


def size(pack: Pack, planned: Fen) -> Rule | None:
    """The rule with the least odd number of members; None where the pack gives no number (a single source)."""
    bounds = pack.find(Kind.THRESHOLD, "committee.large")
    larger = pack.find(Kind.ODD_COUNT, "committee.large")
    if larger and any(planned >= bound.value for bound in bounds):
        return larger[0]
    return next(iter(pack.find(Kind.ODD_COUNT, "committee")), None)


@holds(
    "C36", "C36.experts", "G23", "G23.large", "G23.budget", "G23.experts",
    "N01", "N01.large", "N01.experts", "N01.threshold", "L08.committee",
)  # fmt: skip
def check(pack: Pack, planned: Fen, kinds: Sequence[SeatKind]) -> None:
    """Invalid with the pack's clause when there are too few, an even number, or too few experts among them."""
    rule = size(pack, planned)
    if rule is not None and (len(kinds) < rule.value or len(kinds) % 2 == 0):
        raise Invalid(
            "committee.size",
            f"评标委员会成员应当为 {rule.value} 人以上单数，现为 {len(kinds)} 人",
            f"A committee has at least {rule.value} members, an odd number, not {len(kinds)}",
            rule=rule.cited,
            fields={"persons": "size"},
        )
    if not kinds:
        raise Invalid("committee.size", "请选择成员", "Choose the members", fields={"persons": "size"})
    _check_experts(pack, kinds)


def _check_experts(pack: Pack, kinds: Sequence[SeatKind]) -> None:
    share = Fraction(sum(kind is SeatKind.EXPERT for kind in kinds), len(kinds))
    for rule in pack.find(Kind.MIN_FRACTION, "committee.experts"):
        if share < Fraction(rule.value, 3):
            raise Invalid(
                "committee.experts",
                "评标委员会中专家不得少于成员总数的三分之二",
                "At least two thirds of the committee are experts",
                rule=rule.cited,
                fields={"persons": "experts"},
            )
