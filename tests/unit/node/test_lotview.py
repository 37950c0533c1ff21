"""The effective timetable, the cut, the roll's final attempt and the releases, as the log alone shows them."""

from __future__ import annotations

import dataclasses

import pytest

from kernel import canonical, keys
from kernel.statements import Signed
from sealing.keyset import FactKeys
from supervision import facts, lotview
from supervision.witnessed import Cosigned, Witnessed
from tests.unit.node.lot_facts import CLOSES, GRACE, LOT, NAMES, OPENS, T0, Story, at, boxed, collecting


def moments(story: Story) -> tuple[int, int]:
    deadline = story.view().deadline
    assert deadline is not None
    return deadline.closes_at, deadline.opens_at


# cosigning ---------------------------------------------------------------------------------------------------------


def test_an_entry_is_as_old_as_its_quorum_not_as_its_first_cosigner():
    story = Story()
    heads = (
        Witnessed(3, b"", (("supervisor", T0), ("audit", T0 + 9))),
        Witnessed(5, b"", (("manager", T0 + 4), ("supervisor", T0 + 20))),
    )
    cosigned = Cosigned(story.policy, heads)
    assert cosigned.since(2) == T0 + 9
    assert cosigned.since(3) is None
    assert cosigned.since(0) == T0 + 9


def test_lines_of_one_node_make_no_quorum_however_many():
    story = Story()
    heads = tuple(Witnessed(3 + n, b"", (("audit", T0 + n),)) for n in range(5))
    assert Cosigned(story.policy, heads).since(0) is None


# keyset ------------------------------------------------------------------------------------------------------------


def test_a_keyset_counts_with_both_signatures_and_entries_of_the_policy():
    story = Story()
    story.add(story.keyset())
    assert story.view().terms.sha256 == canonical.sha(story.raw)


@pytest.mark.parametrize("field", ["sig_owner", "sig_supervisor"])
def test_a_keyset_without_a_right_signature_is_absent(field):
    story = Story()
    forged = keys.b64(keys.sign(b"other", keys.generate()))
    story.add(dataclasses.replace(story.keyset(), **{field: forged}))
    assert story.view().terms is None


def test_a_keyset_whose_supervisor_is_no_node_is_absent():
    story, stranger = Story(), keys.generate()
    spelled = keys.spell(story.owner.public_key())
    fact = story.keyset(fact_keys=FactKeys(spelled, spelled, keys.spell(stranger.public_key())))
    story.add(dataclasses.replace(fact, sig_supervisor=keys.b64(keys.sign(story.raw, stranger))))
    assert story.view().terms is None


def test_a_keyset_with_entries_of_another_policy_is_absent():
    story, other = Story(), Story()
    other.owner, other.nodes["supervisor"] = story.owner, story.nodes["supervisor"]
    story.add(other.keyset())
    assert story.view().terms is None


def test_a_keyset_nobody_cosigned_yet_is_absent():
    story = Story()
    story.add(story.keyset(), None)
    assert story.view().terms is None


def test_a_new_version_before_the_deadline_changes_the_terms_and_keeps_the_old_ones_known():
    story = collecting()
    first = canonical.sha(story.raw)
    story.add(story.keyset(2), CLOSES - 1)
    view = story.view()
    assert view.terms.keyset.version == 2
    assert [terms.sha256 for terms in view.course.earlier] == [first]


@pytest.mark.parametrize(("version", "when"), [(2, CLOSES), (1, T0)])
def test_a_new_version_after_the_deadline_or_without_a_new_number_is_absent(version, when):
    story = collecting()
    first = canonical.sha(story.raw)
    story.add(story.keyset(version), when)
    assert story.view().terms.sha256 == first


def test_changed_terms_bear_the_key_of_the_owner_whose_terms_they_change():
    story = collecting()
    first, owner = canonical.sha(story.raw), story.owner
    story.owner = keys.generate()
    story.add(story.keyset(2), CLOSES - 1)
    assert story.view().terms.sha256 == first
    story.owner = owner
    story.add(story.keyset(2), CLOSES - 1)
    assert story.view().terms.keyset.version == 2


# timetable ---------------------------------------------------------------------------------------------------------


def test_the_first_timetable_sets_deadline_and_opening():
    assert moments(collecting()) == (CLOSES, OPENS)


def test_a_deadline_moves_later():
    story = collecting()
    story.add(story.timetable(CLOSES + 100, OPENS + 100), CLOSES - 1)
    assert moments(story) == (CLOSES + 100, OPENS + 100)


@pytest.mark.parametrize(
    ("closes", "opens"), [(CLOSES - 1, OPENS + 10), (CLOSES + 10, OPENS - 1), (CLOSES - 1, OPENS - 1)]
)
def test_a_deadline_never_moves_earlier(closes, opens):
    story = collecting()
    story.add(story.timetable(closes, opens), T0 + 1)
    assert moments(story) == (CLOSES, OPENS)


@pytest.mark.parametrize("when", [CLOSES, CLOSES + 1, None])
def test_a_move_cosigned_at_or_after_the_old_deadline_is_absent(when):
    story = collecting()
    story.add(story.timetable(CLOSES + 100, OPENS + 100), when)
    assert moments(story) == (CLOSES, OPENS)


def test_a_move_that_only_two_nodes_cosigned_in_time_is_absent():
    story = collecting()
    story.add(story.timetable(CLOSES + 100, OPENS + 100), CLOSES - 1, NAMES[:2])
    story.cosign(CLOSES + 1)
    assert moments(story) == (CLOSES, OPENS)


@pytest.mark.parametrize("who", ["supervisor", "platform", "agency"])
def test_only_the_owner_moves_a_deadline(who):
    story = collecting()
    story.add(story.timetable(CLOSES + 100, OPENS + 100, getattr(story, who)))
    assert moments(story) == (CLOSES, OPENS)


@pytest.mark.parametrize(
    "odd",
    [
        {"lot": "other"},
        {"keyset_sha256": "0" * 64},
        {"type": "kaibiao-resumed/1"},
        {"closes_at": "tomorrow"},
        {"closes_at": at(OPENS + 200), "opens_at": at(OPENS + 100)},
        {"more": 1},
    ],
)
def test_a_timetable_that_says_something_else_is_absent(odd):
    story = collecting()
    story.add(story.timetable(CLOSES + 50, OPENS + 100, **odd))
    assert moments(story) == (CLOSES, OPENS)


def test_a_timetable_of_another_lot_is_not_this_lots():
    story = collecting()
    story.add(dataclasses.replace(story.timetable(CLOSES + 50, OPENS + 50), lot="other"))
    assert moments(story) == (CLOSES, OPENS)


# suspension --------------------------------------------------------------------------------------------------------


def test_a_suspended_lot_has_no_deadline_until_it_is_resumed_with_all_the_time_that_was_left():
    story = collecting()
    story.add(story.suspended(CLOSES - 300), CLOSES - 300)
    assert story.view().deadline.suspended
    story.add(story.resumed(CLOSES + 500, CLOSES + 800, OPENS + 900), CLOSES + 500)
    assert moments(story) == (CLOSES + 800, OPENS + 900)
    assert not story.view().deadline.suspended


def test_a_resumption_that_takes_time_away_is_absent():
    story = collecting()
    story.add(story.suspended(CLOSES - 300), CLOSES - 300)
    story.add(story.resumed(CLOSES + 500, CLOSES + 799, OPENS + 900), CLOSES + 500)
    assert story.view().deadline.suspended


@pytest.mark.parametrize("when", [CLOSES, CLOSES + 3])
def test_a_suspension_cosigned_at_or_after_the_deadline_is_void(when):
    story = collecting()
    story.add(story.suspended(CLOSES - 1), when)
    assert not story.view().deadline.suspended


@pytest.mark.parametrize("off", [GRACE + 1, -GRACE - 1])
def test_a_suspension_dated_back_or_ahead_is_void(off):
    story = collecting()
    story.add(story.suspended(CLOSES - 300 + off), CLOSES - 300)
    assert not story.view().deadline.suspended


def test_a_suspension_within_the_grace_counts():
    story = collecting()
    story.add(story.suspended(CLOSES - 300 - GRACE), CLOSES - 300)
    assert story.view().deadline.suspended_at == CLOSES - 300 - GRACE


def test_who_may_suspend():
    for who, cause, counts in (
        ("owner", "停电", True),
        ("supervisor", "责令", True),
        ("platform", "objection:17", True),
        ("platform", "我们想", False),
        ("agency", "停电", False),
    ):
        story = collecting()
        story.add(story.suspended(CLOSES - 300, getattr(story, who), cause), CLOSES - 300)
        assert story.view().deadline.suspended is counts, (who, cause)


def test_a_timetable_cannot_end_a_suspension():
    story = collecting()
    story.add(story.suspended(CLOSES - 300), CLOSES - 300)
    story.add(story.timetable(CLOSES + 100, OPENS + 100), CLOSES - 200)
    assert story.view().deadline.suspended


def test_a_resumption_of_what_was_not_suspended_is_absent():
    story = collecting()
    story.add(story.resumed(T0 + 5, CLOSES + 800, OPENS + 900), T0 + 5)
    assert moments(story) == (CLOSES, OPENS)


# outage ------------------------------------------------------------------------------------------------------------


def test_after_the_deadline_only_an_order_of_the_supervising_authority_sets_a_new_one():
    story = collecting()
    story.add(story.outage(CLOSES + 100, CLOSES + 500, OPENS + 500), CLOSES + 100)
    assert moments(story) == (CLOSES + 500, OPENS + 500)


def test_an_outage_order_of_anybody_else_or_before_the_deadline_is_absent():
    for key, when in (("owner", CLOSES + 100), ("platform", CLOSES + 100), ("supervisor", CLOSES - 1)):
        story = collecting()
        story.add(story.outage(when, CLOSES + 500, OPENS + 500, getattr(story, key)), when)
        assert moments(story) == (CLOSES, OPENS), key


def test_no_outage_order_once_a_box_with_a_valid_cut_is_closed():
    story, _ = boxed()
    story.add(story.outage(CLOSES + 100, CLOSES + 500, OPENS + 500), CLOSES + 100)
    assert moments(story) == (CLOSES, OPENS)


def test_a_box_without_a_valid_cut_does_not_stop_an_outage_order():
    story = collecting()
    story.add(story.box(1, story.cosign(CLOSES + GRACE + 1)), CLOSES + GRACE + 2)
    story.add(story.outage(CLOSES + 100, CLOSES + 500, OPENS + 500), CLOSES + 100)
    assert moments(story) == (CLOSES + 500, OPENS + 500)


# cut, roll and closes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "valid"), [(CLOSES - 1, False), (CLOSES, True), (CLOSES + GRACE, True), (CLOSES + GRACE + 1, False)]
)
def test_a_cut_is_cosigned_within_its_window(when, valid):
    story = collecting()
    size = story.cosign(when)
    story.add(story.box(1, size), CLOSES + GRACE + 2)
    assert (story.view().box is not None) is valid


def test_a_cut_needs_its_own_quorum_in_the_window():
    story = collecting()
    size = story.cosign(CLOSES + 1, NAMES[:2])
    story.cosign(CLOSES + GRACE + 1)
    story.add(story.box(1, size), CLOSES + GRACE + 2)
    assert story.view().box is None


def test_a_heartbeat_after_the_window_takes_nothing_from_the_cut():
    story = collecting()
    size = story.cosign(CLOSES + 1)
    story.cosign(CLOSES + 100)
    story.add(story.box(1, size), CLOSES + 101)
    assert story.view().box.cut.size == size


def test_a_suspended_lot_cannot_be_closed():
    story = collecting()
    story.add(story.suspended(CLOSES - 300), CLOSES - 300)
    story.add(story.box(1, story.cosign(CLOSES + 1)), CLOSES + 2)
    assert story.view().box is None


def test_a_cut_above_the_box_itself_is_none():
    story = collecting()
    story.add(story.box(1, len(story.log) + 1), CLOSES + 1)
    assert story.view().box is None


def test_three_closes_make_a_roll_final():
    story, box = boxed()
    for node in NAMES[:2]:
        story.add(story.close(node, box), CLOSES + 70)
    assert story.view().final is None
    story.add(story.close("audit", box), CLOSES + 70)
    assert story.view().final.fact == box
    assert set(story.view().closes_of(story.view().final)) == {1, 2, 3}


def test_a_close_counts_once_and_only_with_its_nodes_signature():
    story, box = boxed()
    for _ in range(3):
        story.add(story.close("audit", box), CLOSES + 70)
    story.add(story.close("notary", box, keys.generate()), CLOSES + 70)
    story.add(dataclasses.replace(story.close("manager", box), node="notary"), CLOSES + 70)
    story.add(dataclasses.replace(story.close("manager", box), node="nobody"), CLOSES + 70)
    assert set(story.view().closes_of(story.view().box)) == {3}


def test_a_close_on_another_root_or_count_does_not_count():
    story, box = boxed()
    story.add(story.close("audit", dataclasses.replace(box, root="b" * 64)), CLOSES + 70)
    assert story.view().closes_of(story.view().box) == {}


def test_a_higher_attempt_before_the_final_close_voids_the_earlier_closes():
    story, box = boxed()
    for node in NAMES[:2]:
        story.add(story.close(node, box), CLOSES + 70)
    second = story.box(2, box.cut_size, "b" * 64)
    story.add(second, CLOSES + 80)
    story.add(story.close("audit", box), CLOSES + 81)
    assert story.view().final is None
    for node in NAMES[:3]:
        story.add(story.close(node, second), CLOSES + 82)
    assert story.view().final.fact == second


def test_an_attempt_after_the_final_close_is_void():
    story, box = boxed()
    for node in NAMES[:3]:
        story.add(story.close(node, box), CLOSES + 70)
    story.add(story.box(2, box.cut_size, "b" * 64), CLOSES + 80)
    assert story.view().box.fact == box


@pytest.mark.parametrize("seq", [0, 1])
def test_an_attempt_without_a_higher_number_or_with_another_cut_is_void(seq):
    story, box = boxed()
    story.add(story.box(seq, box.cut_size, "b" * 64), CLOSES + 80)
    story.add(story.box(2, box.cut_size - 1, "c" * 64), CLOSES + 80)
    assert story.view().box.fact == box


def test_a_box_that_lists_fewer_than_it_counts_is_void():
    story = collecting()
    story.add(story.box(1, story.cosign(CLOSES + 1), count=2), CLOSES + 2)
    assert story.view().box is None


# opening -----------------------------------------------------------------------------------------------------------


def final() -> tuple[Story, facts.BoxClosed]:
    story, box = boxed()
    for node in NAMES[:3]:
        story.add(story.close(node, box), CLOSES + 70)
    return story, box


def test_the_opening_is_started_by_owner_or_agency():
    for who, counts in (("owner", True), ("agency", True), ("supervisor", False), ("platform", False)):
        story, _ = final()
        story.add(story.started(getattr(story, who)), OPENS)
        assert (story.view().opening_started is not None) is counts, who


def test_release_hashes_count_for_the_final_roll_with_the_nodes_signature():
    story, box = final()
    story.add(story.promise("audit", box), OPENS)
    story.add(story.promise("audit", box), OPENS)
    story.add(story.promise("notary", box, keys.generate()), OPENS)
    story.add(story.promise("manager", dataclasses.replace(box, root="b" * 64)), OPENS)
    story.add(dataclasses.replace(story.promise("supervisor", box), node="manager"), OPENS)
    assert set(story.view().hashes["sheet", 1]) == {3}


def test_no_release_hash_before_the_roll_is_final():
    story, box = boxed()
    story.add(story.promise("audit", box), OPENS)
    assert story.view().hashes == {}


def admission(story: Story, box: facts.BoxClosed, signers: dict[str, keys.PrivateKey], **odd: object):
    said = {"lot": LOT, "stage": "docs", "seq": box.seq, "root": box.root, "bids": ["ab" * 16], "set_aside": []}
    signed = {alias: Signed.make({"type": lotview.ADMITTED, **said, **odd}, key) for alias, key in signers.items()}
    signatures = tuple(
        facts.Signing(by=alias, file=keys.b64(one.raw), sig=keys.b64(one.sig)) for alias, one in signed.items()
    )
    parts = {**said, "bids": tuple(said["bids"]), "set_aside": ()}
    return facts.StageAdmitted(**parts, signatures=signatures)


def test_a_later_stage_is_admitted_by_all_members_of_the_committee():
    members = {alias: keys.generate() for alias in ("甲", "乙", "丙")}
    for signers, odd, counts in (
        (members, {}, True),
        ({alias: members[alias] for alias in ("甲", "乙")}, {}, False),
        ({**members, "丙": keys.generate()}, {}, False),
        (members, {"bids": []}, False),
        ({}, {}, False),
    ):
        story, box = final()
        formed = tuple(
            facts.Member(alias=a, sign_key=keys.spell(k.public_key()), kind="expert") for a, k in members.items()
        )
        story.add(facts.CommitteeFormed(lot=LOT, members=formed), OPENS)
        story.add(admission(story, box, signers, **odd), OPENS)
        assert ("docs" in story.view().admissions) is counts


def test_without_a_committee_nobody_admits_a_later_stage():
    story, box = final()
    story.add(admission(story, box, {"甲": keys.generate()}), OPENS)
    assert story.view().admissions == {}
