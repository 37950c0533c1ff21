"""How large a committee is, by the law pack of the tender."""

from __future__ import annotations

import pytest

from evaluation import composition
from evaluation.composition import SeatKind
from kernel.errors import Invalid
from kernel.money import Fen
from tendering import packs

SMALL, LARGE = Fen(1_999_999_00), Fen(10_000_000_00)
WORKS, PROCUREMENT = "cn.construction.open.2026", "cn.procurement.open.2026"
NEGOTIATED, SINGLE, LAND = "cn.procurement.negotiation.2026", "cn.procurement.single_source.2026", "cn.land.tender.2026"


def kinds(experts: int, owners: int = 0) -> list[SeatKind]:
    return [SeatKind.EXPERT] * experts + [SeatKind.OWNER] * owners


@pytest.mark.parametrize(
    ("pack", "planned", "members", "rule"),
    [
        (WORKS, LARGE, 5, "C36"),
        (PROCUREMENT, SMALL, 5, "G23"),
        (PROCUREMENT, Fen(LARGE - 1), 5, "G23"),
        (PROCUREMENT, LARGE, 7, "G23.large"),
        (NEGOTIATED, SMALL, 3, "N01"),
        (NEGOTIATED, Fen(2_000_000_00), 5, "N01.large"),
        (LAND, LARGE, 5, "L08.committee"),
    ],
)
def test_c36_g23_n01_l08_the_least_number_is_the_packs(pack: str, planned: Fen, members: int, rule: str) -> None:
    found = composition.size(packs.load(pack), planned)
    assert found is not None
    assert (found.id, found.value) == (rule, members)
    composition.check(packs.load(pack), planned, kinds(members))
    for wrong in (members - 1, members - 2, members + 1):
        with pytest.raises(Invalid, match=r"committee\.size") as refused:
            composition.check(packs.load(pack), planned, kinds(wrong))
        assert refused.value.rule == found.cited
    composition.check(packs.load(pack), planned, kinds(members + 2))


@pytest.mark.parametrize(
    ("pack", "rule"), [(WORKS, "C36.experts"), (PROCUREMENT, "G23.experts"), (NEGOTIATED, "N01.experts")]
)
def test_c36_g23_n01_two_thirds_are_experts(pack: str, rule: str) -> None:
    law = packs.load(pack)
    composition.check(law, LARGE, kinds(5, 2))
    with pytest.raises(Invalid, match=r"committee\.experts") as refused:
        composition.check(law, LARGE, kinds(4, 3))
    assert (refused.value.rule or "").startswith(rule)


def test_n12_a_single_source_names_no_number_but_somebody_sits() -> None:
    assert composition.size(packs.load(SINGLE), LARGE) is None
    composition.check(packs.load(SINGLE), LARGE, kinds(2))
    with pytest.raises(Invalid, match=r"committee\.size"):
        composition.check(packs.load(SINGLE), LARGE, [])


def test_the_budget_is_what_all_lots_may_cost() -> None:
    assert composition.budget([Fen(5), None, Fen(7)]) == 12
