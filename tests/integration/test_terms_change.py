"""Changed terms (sealing.md 1.1, 1.4): a later version of the keyset with its notice voids what was sealed before, and nothing else does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from bidding_stage import cut_json, seconds, staged
from tendering_stage import keyed_anew

from bidding import desk, withdrawal
from bidding.models import Bid, Roll
from bidding.states import BidStatus
from kernel import keys
from kernel.errors import Conflict, Invalid, NotFound, Refusal, TooLate
from sealing import roll_check
from sealing.keyset import Keyset
from sealing.roll import Roll as SealedRoll
from sealing.roll import RollEntry
from supervision import facts
from tendering import publishing, service, terms

CHANGES = "工程量清单第3.2项由 1200 立方米改为 1500 立方米"


@pytest.fixture
def stage(tmp_path):
    with staged(tmp_path) as found:
        yield found


@pytest.fixture
def lot(stage):
    return stage.one_lot()


def propose(stage, lot, actor=None, changes=CHANGES):
    with stage.act() as now:
        return terms.propose(actor or stage.owner, lot, changes, now).keyset_version


def issue(stage, lot, closes_at=None, key=None, actor=None):
    with stage.act() as now:
        row = service.lot_of(lot)
        moment = closes_at or row.closes_at
        items = terms.sheet(row, moment)
        signatures = {item.sha256: keys.b64(keys.sign(item.raw, key or stage.owner_key)) for item in items}
        terms.issue(actor or stage.owner, lot, moment, signatures, now)


def changed(stage, lot, closes_at=None):
    version = propose(stage, lot)
    keyed_anew(stage, lot, version)
    issue(stage, lot, closes_at)
    stage.run()


def test_new_terms_void_what_was_sealed_and_the_bidder_is_told_to_seal_anew(stage, lot):
    old, first = stage.bid(lot, "a"), stage.lot(lot)
    late = stage.handed(stage.seal(lot, "b"), "b")
    changed(stage, lot)
    row = stage.lot(lot)
    assert (row.keyset_version, row.closes_at) == (2, first.closes_at)
    (ended,) = stage.rows(Bid, Bid.id == old.id)
    assert (ended.status, ended.ended_by) == (BidStatus.VOID, row.keyset_sha256)
    with stage.act(write=False):
        assert desk.entry(stage.bidder_of("a").actor, lot).action == desk.NextAction.SEAL_ANEW
    with pytest.raises(Invalid) as refusal:
        stage.submit(lot, late, "b")
    assert (refusal.value.code, bool(refusal.value.rule)) == ("seal.keyset_wrong", True)
    assert stage.bid(lot, "a").status is BidStatus.LIVE
    with stage.act(write=False):
        assert desk.entry(stage.bidder_of("a").actor, lot).action != desk.NextAction.SEAL_ANEW


def test_keyset_notice_and_timetable_are_facts_signed_by_owner_and_supervising_authority(stage, lot):
    changed(stage, lot)
    keyset = stage.facts("keyset")[-1]
    (altered,) = stage.facts("terms.altered")
    raw = keys.unb64(keyset.file)
    assert (keyset.version, Keyset.parse(raw).version) == (2, 2)
    assert keys.verified(keys.unb64(keyset.sig_owner), raw, stage.owner_key.public_key())
    assert keys.verified(keys.unb64(keyset.sig_supervisor), raw, stage.nodes["supervisor"].private.public_key())
    assert isinstance(altered, facts.TermsAltered)
    assert altered.signed.signed_by(stage.owner_key.public_key())
    said = altered.signed.content("kaibiao-alteration/1")
    assert (said["changes"], said["version"], said["keyset_sha256"]) == (CHANGES, 2, stage.lot(lot).keyset_sha256)
    moments = stage.facts("timetable")[-1].signed.content("kaibiao-timetable/1")
    assert moments["keyset_sha256"] == said["keyset_sha256"]
    with stage.act(write=False):
        shown = publishing.content(service.tender_of(lot[:20]))["lots"][0]["alterations"]
    assert [one["file"] for one in shown] == [altered.file]


def test_nothing_changes_before_the_owner_signed_and_a_bid_stays_live(stage, lot):
    bid, before = stage.bid(lot, "a"), stage.lot(lot).keyset_sha256
    with pytest.raises(NotFound):
        issue(stage, lot)
    version = propose(stage, lot)
    with pytest.raises(Conflict) as refusal:
        issue(stage, lot)
    assert refusal.value.code == "terms.waiting"
    keyed_anew(stage, lot, version)
    for key in (keys.generate(), stage.agency_key):
        with pytest.raises(Invalid) as refusal:
            issue(stage, lot, key=key)
        assert refusal.value.code == "terms.signature"
    stage.run(2)
    assert stage.lot(lot).keyset_sha256 == before
    assert stage.rows(Bid, Bid.id == bid.id)[0].status is BidStatus.LIVE
    assert stage.facts("terms.altered") == []


def test_only_the_owner_changes_terms_and_says_what(stage, lot):
    for name in ("other_owner", "bidder", "supervising", "operator", "manager", "agency"):
        with pytest.raises(Refusal):
            propose(stage, lot, stage.actors[name])
    with pytest.raises(Invalid) as refusal:
        propose(stage, lot, changes=" ")
    assert refusal.value.code == "terms.words"


def test_the_deadline_never_moves_earlier_and_shortly_before_it_nothing_changes(stage, lot):
    keyed_anew(stage, lot, propose(stage, lot))
    closes_at = stage.lot(lot).closes_at
    with pytest.raises(Conflict):
        issue(stage, lot, closes_at - seconds(5))
    stage.now = closes_at - seconds(10)
    with pytest.raises(Conflict) as refusal:
        issue(stage, lot)
    assert refusal.value.code == "deadline.too_early", "the law gives bidders time with changed terms"
    stage.now = closes_at - seconds(1)
    with pytest.raises(TooLate):
        issue(stage, lot, closes_at + seconds(60))
    stage.now = closes_at
    with pytest.raises(Refusal):
        issue(stage, lot, closes_at + seconds(60))


def test_answers_to_an_earlier_proposal_change_nothing(stage, lot):
    first, second = propose(stage, lot), propose(stage, lot)
    assert (first, second) == (2, 3)
    keyed_anew(stage, lot, second)
    with stage.act() as now:
        for version in (1, 99, "3", None):
            body = {"lot": lot, "version": version, "entries": [], "sig": "AAAA"}
            service.take_trustee_entries("audit", body, now)
            service.take_keyset_signature("supervisor", body, now)
    issue(stage, lot)
    assert stage.lot(lot).keyset_version == 3


def test_a_void_bid_cannot_be_withdrawn_or_replaced(stage, lot):
    bid = stage.bid(lot, "a")
    changed(stage, lot)
    statement = stage.withdrawal(lot, bid.manifest_sha256, "a")
    with pytest.raises(Conflict) as refusal, stage.act() as now:
        withdrawal.withdraw(stage.bidder_of("a").actor, lot, statement, now)
    assert refusal.value.code == "bid.void"
    with pytest.raises(Refusal):
        stage.bid(lot, "a", prev=bid.manifest_sha256)


def test_terms_that_change_as_a_bid_comes_in_void_it_even_before_the_worker_looks(stage, lot):
    stage.bid(lot, "a")
    keyed_anew(stage, lot, propose(stage, lot))
    issue(stage, lot)
    assert stage.bid(lot, "a").status is BidStatus.LIVE
    assert sorted(bid.status.value for bid in stage.rows(Bid, Bid.lot == lot)) == ["live", "void"]


def grounds(stage, lot, row, first: Keyset, first_sha: str) -> roll_check.Grounds:
    found = stage.grounds(lot, row)
    return replace(found, keysets={**found.keysets, first_sha: first})


def test_the_roll_shows_void_bids_by_the_keyset_and_only_a_later_logged_one_makes_them_so(stage, lot):
    old, first, first_sha = stage.bid(lot, "a"), stage.keyset(lot), stage.lot(lot).keyset_sha256
    changed(stage, lot, stage.lot(lot).closes_at + seconds(30))
    for name in "abc":
        stage.bid(lot, name)
    stage.run_to_close(lot)
    (row,) = stage.rows(Roll)
    entries = tuple(RollEntry.from_json(entry) for entry in row.entries)
    made = SealedRoll(lot, row.seq, row.cut_size, entries)
    (void,) = [entry for entry in entries if entry.status.value == "void"]
    assert (void.manifest_sha256, void.by) == (old.manifest_sha256, stage.lot(lot).keyset_sha256)
    assert roll_check.check_roll(made, made.closed_fact(), grounds(stage, lot, row, first, first_sha)) == []
    for by in (first_sha, "0" * 64, None):
        false = replace(made, entries=tuple(replace(one, by=by) if one is void else one for one in entries))
        found = roll_check.check_roll(false, false.closed_fact(), grounds(stage, lot, row, first, first_sha))
        assert "status_unproved" in {fault.code for fault in found}
    stage.start(lot)
    stage.run_until("opened", lot)
    stage.run(3)
    told = cut_json(stage, lot, "roll.json")["entries"]
    assert sorted(entry["status"] for entry in told) == ["live", "live", "live", "void"]


def test_a_bid_to_new_terms_cannot_be_called_void_by_them(stage, lot):
    first, first_sha = stage.keyset(lot), stage.lot(lot).keyset_sha256
    changed(stage, lot)
    for name in "abc":
        stage.bid(lot, name)
    stage.run_to_close(lot)
    (row,) = stage.rows(Roll)
    entries = [RollEntry.from_json(entry) for entry in row.entries]
    entries[0] = replace(entries[0], status=type(entries[0].status)("void"), by=stage.lot(lot).keyset_sha256)
    false = SealedRoll(lot, row.seq, row.cut_size, tuple(entries))
    found = roll_check.check_roll(false, false.closed_fact(), grounds(stage, lot, row, first, first_sha))
    assert [fault.code for fault in found] == ["status_unproved"]
