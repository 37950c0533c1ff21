"""What the law asks of a negotiation: whose threads are whose, who is met when, who stays, how designs are chosen."""

from __future__ import annotations

import pytest

from evaluation.negotiation import rules
from evaluation.negotiation.rules import Concluded, Standing
from evaluation.negotiation.visibility import TABLE, Phase, Viewer
from kernel import canonical, keys
from kernel.errors import Conflict, Forbidden, Invalid
from kernel.statements import Signed
from tendering import packs
from tendering.quotes import rules as quoting

LAW = "N04"
NEGOTIATION = packs.load("cn.procurement.negotiation.2026")
CONSULTATION = packs.load("cn.procurement.consultation.2026")


@pytest.mark.parametrize("viewer", list(Viewer))
def test_n04_the_team_and_the_supplier_itself_read_a_thread_and_nobody_else(viewer):
    if viewer in (Viewer.TEAM, Viewer.SUPPLIER):
        rules.check_reads(viewer, LAW)
        return
    with pytest.raises(Forbidden) as refused:
        rules.check_reads(viewer, LAW)
    assert (refused.value.code, refused.value.rule) == ("negotiation.not_yours", LAW)


def test_n04_nothing_of_a_thread_opens_later_to_anybody():
    for name in ("thread", "response", "sessions", "ground"):
        assert all(set(TABLE.rows[name].seen) == {Viewer.TEAM, Viewer.SUPPLIER} for _ in Phase)
    assert not TABLE.may_see(Viewer.OTHER, Phase.QUOTED, "suppliers")
    assert TABLE.may_see(Viewer.PUBLIC, Phase.QUOTED, "quotes")
    assert not TABLE.may_see(Viewer.TEAM, Phase.CLOSED, "quotes")


@pytest.mark.parametrize(("begun", "bid_id"), [(False, "a"), (True, "b"), (True, None)])
def test_n04_nothing_is_said_but_in_a_session_of_the_whole_team_with_that_supplier(begun, bid_id):
    rules.check_session(begun=True, bid_id="a", wanted="a", law=LAW)
    with pytest.raises(Conflict, match="whole team"):
        rules.check_session(begun=begun, bid_id=bid_id, wanted="a", law=LAW)


def test_n04_a_change_is_one_text_and_makes_other_requirements():
    first = rules.statement("L", 1, "五年")
    assert canonical.decode(first) == {"type": rules.REQUIREMENTS, "lot": "L", "number": 1, "text": "五年"}
    before = rules.requirements(["b", "a"], [])
    assert before == rules.requirements(["a", "b"], [])
    assert before != rules.requirements(["a", "b"], [canonical.sha(first)])


def test_n05_who_left_does_not_conform_or_was_not_chosen_does_not_stay():
    found = rules.concluded(["a", "b", "c", "d"], {"a"}, {"b": "指标不符"}, {"c"})
    assert [one.standing for one in found] == [
        Standing.LEFT,
        Standing.NONCONFORMING,
        Standing.STAYS,
        Standing.NOT_CHOSEN,
    ]
    assert all(one.standing is Standing.STAYS for one in rules.concluded(["a", "b"], set(), {}, None))


def test_the_record_names_a_ground_by_its_hash_alone():
    said = canonical.decode(rules.record("L", [Concluded("b", Standing.NONCONFORMING, "缺少证书")], "0" * 64, 1800))
    assert said["suppliers"] == [
        {"bid_id": "b", "standing": "nonconforming", "ground_sha256": canonical.sha("缺少证书".encode())}
    ]


def test_a_signature_under_another_record_does_not_count():
    key = keys.generate()
    old, now = (rules.record("L", [Concluded("a", Standing.STAYS)], "0" * 64, seconds) for seconds in (60, 90))
    rules.check_signed(Signed(now, keys.sign(now, key)), now, LAW)
    with pytest.raises(Conflict, match="reload"):
        rules.check_signed(Signed(old, keys.sign(old, key)), now, LAW)


@pytest.mark.parametrize(("practice", "seconds"), [(True, 59), (False, 60), (False, 31 * 24 * 3600)])
def test_time_for_final_quotes_is_time(practice, seconds):
    with pytest.raises(Invalid):
        rules.check_seconds(seconds, LAW, practice=practice)
    assert rules.check_seconds(1800, LAW, practice=practice) == 1800


def test_n06_a_design_needs_more_than_half_of_the_team_and_three_are_needed():
    team = ["E1", "E2", "E3"]
    votes = {"a": ["E1", "E2"], "b": team, "c": ["E2", "E3"], "d": ["E1"], "e": ["E1", "E9", "E8"]}
    least = NEGOTIATION.find(packs.Kind.MIN_COUNT, "designs")[0]
    assert rules.chosen(votes, team, least.value, least.cited) == {"a", "b", "c"}
    with pytest.raises(Conflict) as refused:
        rules.chosen({**votes, "c": ["E2"]}, team, least.value, least.cited)
    assert str(refused.value.rule).startswith("N06 ")


def test_n05_n09_three_respond_and_three_quote():
    for pack, first, final in ((NEGOTIATION, "N03.responses", "N05"), (CONSULTATION, "N08.responses", "N09")):
        assert [(quoting.least(pack, {}).id, quoting.least(pack, {}).value)] == [(first, 3)]
        assert [(quoting.least(pack, {}, final=True).id, quoting.least(pack, {}, final=True).value)] == [(final, 3)]


def test_n07_n09_two_suffice_only_for_a_reason_the_law_of_the_procedure_lists():
    for pack, ground, rule in ((NEGOTIATION, "two_bidders", "N07.two"), (CONSULTATION, "services", "N09.two")):
        assert quoting.least(pack, {"fewer_ground": ground}).id == rule
        assert quoting.least(pack, {"fewer_ground": ground}, final=True).value == 2
    assert quoting.least(NEGOTIATION, {"fewer_ground": "services"}, final=True).value == 3
    assert quoting.least(CONSULTATION, {"fewer_ground": "two_bidders"}, final=True).value == 3
    assert quoting.least(packs.load("cn.procurement.open.2026"), {"fewer_ground": "services"}).value == 3


def test_n04_n05_first_responses_hold_no_price_and_final_quotes_are_public():
    for pack in (NEGOTIATION, CONSULTATION, packs.load("practice.procurement.negotiation")):
        (first,), (final,) = quoting.stages(pack, final=False), quoting.stages(pack, final=True)
        assert (first.name, first.audience, first.holds_price) == ("docs", "evaluation", False)
        assert (final.name, final.audience, final.holds_price) == ("sheet", "public", True)
