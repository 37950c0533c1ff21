"""How the law wants experts found, and what the order of a draw does with those who are passed over."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.draw import rules
from evaluation.draw.rules import Appointment, Ground
from kernel.errors import Forbidden, Invalid
from supervision import draw
from tendering import packs

REASONS, DOCUMENT, UNIT = "桥梁健康监测专业性强", "青财购〔2026〕3号", "青山县财政局"
REFERENCES = st.lists(st.integers(0, 999).map(lambda n: hashlib.sha256(b"%d" % n).hexdigest()), min_size=1, unique=True)
SEEDS = st.binary(min_size=32, max_size=32).map(bytes.hex)


def refused(pack: str, said: Appointment | None) -> tuple[str, str]:
    with pytest.raises((Forbidden, Invalid)) as found:
        rules.check_appointment(packs.load(pack), said)
    return found.value.code, str(found.value.rule).split()[0]


@pytest.mark.parametrize(("pack", "rule"), [("cn.construction.open.2026", "C38"), ("cn.procurement.open.2026", "G25")])
def test_c38_g25_experts_are_named_only_with_ground_reasons_and_document(pack, rule):
    for said, code in (
        (None, "committee.not_drawn"),
        (Appointment(None, REASONS, DOCUMENT, UNIT), "committee.not_drawn"),
        (Appointment(Ground.COMPLEX, "好", DOCUMENT, UNIT), "committee.unfounded"),
        (Appointment(Ground.COMPLEX, REASONS, " ", UNIT), "committee.unfounded"),
    ):
        assert refused(pack, said) == (code, rule)
    rules.check_appointment(packs.load(pack), Appointment(Ground.COMPLEX, REASONS, DOCUMENT, UNIT))


def test_g25_only_a_complex_project_and_only_with_the_superior_budget_units_consent():
    pack = "cn.procurement.open.2026"
    assert refused(pack, Appointment(Ground.NATIONAL, REASONS, DOCUMENT, UNIT)) == ("committee.unfounded", "G25")
    assert refused(pack, Appointment(Ground.COMPLEX, REASONS, DOCUMENT, "")) == ("committee.unfounded", "G25")


def test_c38_a_construction_project_needs_no_consent_and_knows_the_states_requirements():
    rules.check_appointment(packs.load("cn.construction.open.2026"), Appointment(Ground.NATIONAL, REASONS, DOCUMENT))


def test_where_the_law_asks_for_no_draw_a_committee_is_simply_named():
    pack = packs.load("cn.land.tender.2026")
    assert rules.required(pack) is None
    rules.check_appointment(pack, None)


def test_a_reference_hides_the_name_and_binds_it():
    one = rules.reference("L", "0" * 64, "王伟", "91330106673959654P")
    assert one == rules.reference("L", "0" * 64, "王伟", "91330106673959654P")
    others = {
        rules.reference("L", "1" * 64, "王伟", "91330106673959654P"),
        rules.reference("L", "0" * 64, "王威", "91330106673959654P"),
        rules.reference("M", "0" * 64, "王伟", "91330106673959654P"),
        rules.reference("L", "0" * 64, "王伟", "91350100M000100Y55"),
    }
    assert one not in others
    assert len(others) == 4


@given(references=REFERENCES, seed=SEEDS, seats=st.integers(0, 9), data=st.data())
def test_c38_passing_one_over_moves_only_those_behind_up(references, seed, seats, data):
    order = rules.order([(references, seed)])
    assert sorted(order) == sorted(references)
    before = rules.seated(order, (), seats)
    gone = data.draw(st.sampled_from(references))
    after = rules.seated(order, {gone}, seats)
    assert [one for one in before if one != gone] == after[: len(before) - (gone in before)]


@given(references=REFERENCES, seed=SEEDS)
def test_c38_the_order_of_two_does_not_hang_on_who_else_is_listed(references, seed):
    order = draw.drawn(references, len(references), seed)
    assert draw.drawn(order[1:], len(order), seed) == order[1:]
    assert draw.drawn(tuple(reversed(references)), len(order), seed) == order


@given(first=REFERENCES, seed=SEEDS)
def test_g26_a_further_list_stands_behind_the_first(first, seed):
    further = [hashlib.sha256(one.encode()).hexdigest() for one in first]
    order = rules.order([(first, seed), (further, seed)])
    assert order[: len(first)] == rules.order([(first, seed)])
