"""C37: the years in the field that an expert's admission records, against what the law pack asks."""

from __future__ import annotations

import pytest

from accounts.roles import Role
from evaluation import rules
from evaluation.rules import Candidate
from kernel.errors import Forbidden
from tendering import packs

CONSTRUCTION = packs.load("cn.construction.open.2026")


def expert(years: int | None, *, represents: bool = False) -> Candidate:
    roles = frozenset({Role.OWNER if represents else Role.EXPERT})
    return Candidate(1, "jia", "91330106673959999P", roles, None, certified=True, represents=represents, years=years)


@pytest.mark.parametrize("years", [None, 0, 7])
def test_c37_an_expert_of_fewer_than_eight_recorded_years_does_not_sit(years: int | None) -> None:
    with pytest.raises(Forbidden) as found:
        rules.check_experience(CONSTRUCTION, expert(years))
    assert found.value.code == "committee.experience"
    assert "C37" in str(found.value.rule)


def test_c37_eight_years_suffice_and_the_owners_representative_needs_none() -> None:
    rules.check_experience(CONSTRUCTION, expert(8))
    rules.check_experience(CONSTRUCTION, expert(None, represents=True))
    rules.check_experience(packs.load("cn.procurement.open.2026"), expert(None))
