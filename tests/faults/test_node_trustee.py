"""A dishonest platform or bidder before honest trustees: what they refuse, and what they say about it."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from kernel import canonical, clock, keys
from kernel.statements import Signed
from sealing import age
from sealing.keyset import FactKeys, Keyset, TrusteeEntry, trustee_statement
from sealing.receipts import Presented, Refusal
from sealing.roll import Status
from supervision.node.counter import Counter, RefusedError
from supervision.node.holds import Hold, HoldError
from supervision.node.node import Node
from tests.unit.node.node_lot import CLOSES, LOT, OPENS, TIMES, LotPlay
from tests.unit.node.node_world import ORGS


def points(node: Node) -> list[str]:
    return [alert["point"] for alert in node.alerts.listed()]


def faults(node: Node, point: str = "roll.refused") -> list[str]:
    found = next(alert for alert in node.alerts.listed() if alert["point"] == point)
    return [fault["code"] for fault in canonical.decode(node.alerts.evidence(found["id"]).encode())["faults"]]


def present_manifest(play, manifest):
    play.world.mail("manifest", {"lot": LOT, "manifest": keys.b64(manifest.encode())})
    play.world.settle(rounds=1)


def refusals(play) -> list[Refusal]:
    return [Refusal.read(Signed.from_json(body)) for body in play.world.net.taken("refusal")]


# keysets -----------------------------------------------------------------------------------------------------------


def offer_keyset(play, raw: bytes) -> None:
    body = {"lot": LOT, "version": 1, "file": keys.b64(raw)}
    play.world.mail("keyset.sign", body, "supervisor")
    play.world.settle("supervisor", rounds=1)


def test_a_keyset_with_a_key_that_is_not_of_the_policy_is_not_signed(world):
    play = LotPlay(world)
    entries = play.entries()
    stranger, other = keys.generate(), entries["sheet"][3]
    spelled = keys.spell(stranger.public_key())
    said = {"lot": LOT, "stage": "sheet", "version": 1, "i": 4, "org": other.org}
    statement = trustee_statement(**said, recipient=other.recipient, sign_key=spelled)
    forged = TrusteeEntry(4, other.org, other.recipient, spelled, keys.b64(keys.sign(statement, stranger)))
    entries["sheet"][3] = forged
    offer_keyset(play, play.build(stages=play.stages(entries)))
    assert world.net.taken("keyset.signature") == []
    assert points(world.node) == ["keyset.refused"]


@pytest.mark.parametrize("t", [1, 4])
def test_a_keyset_with_a_wrong_threshold_is_not_signed(world, t):
    play = LotPlay(world)
    offer_keyset(play, play.build(stages=play.stages(play.entries(), t)))
    assert world.net.taken("keyset.signature") == []


def test_a_keyset_that_exchanges_the_nodes_own_recipient_is_not_signed(world):
    play = LotPlay(world)
    entries, later = play.entries(), play.entries(2)
    entries["docs"][0] = later["docs"][0]
    offer_keyset(play, play.build(stages=play.stages(entries)))
    assert world.net.taken("keyset.signature") == []


def test_one_version_is_signed_once_and_only_by_the_supervising_authoritys_node(world):
    play = LotPlay(world)
    raw = play.build()
    offer_keyset(play, raw)
    offer_keyset(play, raw)
    other = canonical.encode({**canonical.decode(raw), "open_wait": 21})
    Keyset.parse(other)
    offer_keyset(play, other)
    assert len(world.net.taken("keyset.signature")) == 1
    world.mail("keyset.sign", {"lot": LOT, "version": 1, "file": keys.b64(raw)}, "audit")
    world.settle("audit", rounds=1)
    assert len(world.net.taken("keyset.signature", "audit")) == 0
    assert points(world.nodes["audit"]) == ["keyset.refused"]


# manifests ---------------------------------------------------------------------------------------------------------


def test_a_copied_share_is_refused(play):
    """Shares carried into another bid: the core in the line is the first bid's, so a trustee is no oracle for it."""
    mine, theirs = play.seal("甲公司").sealed.manifest, play.seal("乙公司").sealed.manifest
    envelope = dataclasses.replace(mine.envelopes[0], shares=theirs.envelopes[0].shares)
    present_manifest(play, dataclasses.replace(mine, envelopes=(envelope, *mine.envelopes[1:])))
    assert len(refusals(play)) == 4
    assert {said.reason for said in refusals(play)} == {"the line belongs to another envelope, trustee or point"}
    assert play.world.net.taken("ack") == []


def test_a_copied_envelope_is_refused(play):
    first = play.bid("甲公司").sealed.manifest
    present_manifest(play, dataclasses.replace(first, bid_id="ab" * 16))
    assert {said.reason for said in refusals(play)} == {"an id, recipient or ciphertext of it stands in another bid"}


def test_a_wrong_threshold_and_a_wrong_keyset_are_refused(play):
    mine = play.seal("甲公司").sealed.manifest
    low = dataclasses.replace(mine.envelopes[0], t=2)
    present_manifest(play, dataclasses.replace(mine, envelopes=(low, *mine.envelopes[1:])))
    present_manifest(play, dataclasses.replace(mine, keyset_sha256="0" * 64))
    assert {said.reason for said in refusals(play)} == {
        "sheet: t differs from the keyset",
        "the manifest names another keyset than the one in force",
    }


def test_a_broken_share_of_one_trustee_is_refused_by_that_one_and_acknowledged_by_the_others(play):
    mine = play.seal("甲公司").sealed.manifest
    envelope = mine.envelopes[1]
    shares = [dataclasses.replace(envelope.shares[0], plain_sha256="0" * 64), *envelope.shares[1:]]
    broken = dataclasses.replace(envelope, shares=tuple(shares))
    present_manifest(play, dataclasses.replace(mine, envelopes=(mine.envelopes[0], broken)))
    assert [(said.i, said.stage) for said in refusals(play)] == [(1, "docs")]
    assert len(play.world.net.taken("ack")) == 3


def test_nothing_is_acknowledged_after_the_nodes_own_deadline_and_grace(play):
    made = play.seal("甲公司")
    play.go_to(CLOSES + dt.timedelta(seconds=TIMES["cut_grace"]))
    play.take(made)
    play.world.settle(rounds=1)
    assert len(play.world.net.taken("ack")) == 4
    play.world.pass_(1)
    play.take(play.seal("乙公司"))
    play.world.settle(rounds=1)
    assert len(play.world.net.taken("ack")) == 4
    assert {said.reason for said in refusals(play)} == {"the deadline has passed on this node's clock"}


def test_bytes_that_are_no_message_are_refused_and_hold_up_nothing(play):
    world = play.world
    for name in ORGS:
        world.net.mail[name] += [b"", b"garbage", b"age-encryption.org/v1\n"]
    world.mail("nonsense", {})
    world.mail("manifest", {"lot": LOT})
    world.mail("manifest", {"lot": LOT, "manifest": keys.b64(b"{}")})
    world.mail("roll", {"lot": LOT})
    world.mail("trustee.request", {"lot": LOT, "version": -1, "stages": ["sheet"]})
    world.mail("checkpoint", {"note": "x"})
    play.bid("甲公司")
    assert len(world.net.taken("ack")) == 4
    assert {row[0] for row in world.node.state.rows("SELECT DISTINCT state FROM mail")} == {"done", "refused"}


# rolls -------------------------------------------------------------------------------------------------------------


def test_a_bid_slipped_in_after_the_cut_gets_no_close(play):
    play.bid("甲公司")
    play.cut()
    late = play.seal("乙公司")
    play.take(late)
    play.log()
    made = play.roll()
    play.send_roll(made)
    play.world.pass_(TIMES["roll_window"])
    play.world.settle()
    assert play.closes() == {}
    for node in play.world.nodes.values():
        assert "not_below_cut" in faults(node)


def test_an_acknowledged_bid_left_off_the_roll_gets_no_close_and_the_acks_convict(play):
    kept, dropped = play.bid("甲公司"), play.bid("乙公司")
    made = play.close_with([kept])
    assert play.closes() == {}
    node = play.world.node
    assert faults(node) == ["acknowledged_missing"]
    alert = node.alerts.listed()[0]
    acks = canonical.decode(node.alerts.evidence(alert["id"]).encode())["acks"]
    assert len(acks) == 1
    ack = Signed.from_json(acks[0])
    assert ack.signed_by(node.keys.witness.verifier.key)
    assert dropped.digest in ack.raw.decode()
    assert made.count == 1


def test_a_falsely_withdrawn_bid_gets_no_close(play):
    play.bid("甲公司")
    victim = play.bid("乙公司")
    play.withdraw(victim, keys.generate())
    play.close()
    assert play.closes() == {}
    assert faults(play.world.node) == ["status_unproved"]


def test_a_withdrawal_without_any_statement_gets_no_close(play):
    victim = play.bid("甲公司")
    play.statuses[victim.digest] = (Status.WITHDRAWN, "0" * 64)
    play.close()
    assert play.closes() == {}


def test_a_bid_whose_receipt_somebody_brought_must_be_on_the_roll(play):
    """Not acknowledged by anybody (the platform never mailed it), yet the platform's receipt exists."""
    play.bid("甲公司")
    hidden = play.seal("乙公司")
    play.take(hidden)
    for name in ORGS:
        play.world.net.mail[name].pop()
    raw = canonical.encode(hidden.receipt.to_json())
    assert Counter(play.world.nodes["audit"]).receipt(raw)["kept"] == hidden.receipt.sha256
    play.close_with(play.taken[:1])
    assert play.closes() == {}
    for node in play.world.nodes.values():
        assert faults(node) == ["receipt_missing"]


def test_a_receipt_the_platform_did_not_sign_is_not_taken(play):
    made = play.bid("甲公司")
    forged = Signed.make(canonical.decode(made.receipt.raw), keys.generate())
    with pytest.raises(RefusedError):
        Counter(play.world.node).receipt(canonical.encode(forged.to_json()))


def test_a_roll_without_a_ciphertext_gets_no_close(play):
    first = play.bid("甲公司")
    play.bid("乙公司")
    play.cut()
    play.send_roll(play.roll(), ciphertexts=[first])
    play.world.pass_(TIMES["roll_window"])
    play.world.settle()
    assert play.closes() == {}
    assert faults(play.world.node) == ["ciphertext_missing"]


def test_a_corrected_roll_under_a_higher_number_is_closed(play):
    kept, dropped = play.bid("甲公司"), play.bid("乙公司")
    play.close_with([kept])
    play.send_roll(play.roll(2))
    play.world.pass_(TIMES["roll_window"])
    play.world.settle()
    assert set(play.closes(2)) == set(ORGS)
    assert dropped.digest in {entry.manifest_sha256 for entry in play.roll(2).entries}


def test_no_close_before_the_roll_window_has_passed(play):
    play.bid("甲公司")
    play.cut()
    play.send_roll(play.roll())
    play.world.pass_(TIMES["roll_window"] - 1)
    play.world.settle()
    assert play.closes() == {}
    play.world.pass_(1)
    play.world.settle()
    assert set(play.closes()) == set(ORGS)


def test_a_cut_below_what_a_node_cosigned_before_the_deadline_gets_no_close(play):
    play.bid("甲公司")
    play.log()
    small = len(play.world.log.entries)
    play.world.log.cover(3)
    play.log()
    play.go_to(CLOSES)
    play.cut_size = small
    for name in ORGS:
        play.world.nodes[name].notes.state.change(
            "INSERT INTO cosignature SELECT size, root, name, ?, line FROM cosignature WHERE size = ?",
            int(CLOSES.timestamp()),
            small,
        )
    play.send_roll(play.roll())
    play.world.pass_(TIMES["roll_window"])
    play.world.settle()
    assert play.closes() == {}
    assert "cut_small" in faults(play.world.node)


def test_a_cut_cosigned_outside_its_window_is_none(play):
    play.bid("甲公司")
    play.go_to(CLOSES + dt.timedelta(seconds=TIMES["cut_grace"] + 1))
    play.world.log.cover(2)
    play.cut_size = len(play.world.log.entries)
    play.log()
    play.send_roll(play.roll())
    play.world.pass_(TIMES["roll_window"])
    play.world.settle()
    assert play.closes() == {}
    assert play.world.node.lots.view(LOT).boxes == {}


def test_a_node_that_slept_through_the_cut_learns_it_from_its_peers_and_closes_late(play):
    play.bid("甲公司")
    play.world.stop("notary")
    made = play.close()
    assert len(play.closes()) == 3
    play.world.open("notary")
    play.log()
    play.world.settle(rounds=2)
    play.world.pass_(TIMES["roll_window"])
    play.world.settle(rounds=2)
    assert set(play.closes()) == set(ORGS)
    assert made.count == 1


def test_a_bid_presented_in_time_and_unknown_to_the_roll_is_a_red_alert_and_no_bid(play):
    play.bid("甲公司")
    made = play.seal("乙公司")
    node = play.world.node
    papers = {"manifest": made.sealed.manifest_raw, "sig": made.sealed.sig, "bidder": made.sealed.bidder_json}
    body = canonical.encode({name: keys.b64(value) for name, value in papers.items()})
    answer = Counter(node).present(age.encrypt_bytes(body, node.card.inbox))
    said = Presented.read(Signed.from_json(answer))
    assert (said.lot, said.manifest_sha256) == (LOT, made.digest)
    play.close_with(play.taken[:1])
    assert set(play.closes()) == set(ORGS)
    assert points(node) == ["presented.missing"]


def test_nothing_is_presented_after_the_deadline(play):
    made = play.seal("乙公司")
    play.go_to(CLOSES)
    papers = {"manifest": made.sealed.manifest_raw, "sig": made.sealed.sig, "bidder": made.sealed.bidder_json}
    body = canonical.encode({name: keys.b64(value) for name, value in papers.items()})
    with pytest.raises(RefusedError, match="deadline"):
        Counter(play.world.node).present(age.encrypt_bytes(body, play.world.node.card.inbox))


# holds -------------------------------------------------------------------------------------------------------------


def ready(play):
    play.bid("甲公司")
    play.admit(play.close())
    play.go_to(OPENS)


def hold(play, name: str, number: int, until: dt.datetime) -> Signed:
    node = play.world.nodes[name]
    now = clock.rfc3339(play.world.hands[name].now())
    return node.holds.order(Hold(LOT, number, now, clock.rfc3339(until), "核查"))


def test_the_supervising_authoritys_hold_stops_every_node_until_its_end(play):
    ready(play)
    hold(play, "supervisor", 1, OPENS + dt.timedelta(seconds=10))
    play.start_opening()
    play.world.settle()
    assert play.world.net.taken("release.hash") == []
    play.world.pass_(10)
    play.world.settle()
    assert len(play.world.net.taken("release.hash")) == 4


def test_a_lifted_hold_is_over_at_once(play):
    ready(play)
    hold(play, "supervisor", 1, OPENS + dt.timedelta(seconds=100))
    play.start_opening()
    hold(play, "supervisor", 2, OPENS)
    play.world.settle()
    assert len(play.world.net.taken("release.hash")) == 4


def test_another_nodes_hold_stops_only_itself(play):
    ready(play)
    hold(play, "audit", 1, OPENS + dt.timedelta(seconds=100))
    play.start_opening()
    play.world.settle()
    assert len(play.world.net.taken("release.hash")) == 3


def test_while_the_authoritys_node_is_silent_the_others_wait_until_open_wait_and_a_known_hold_decides(play):
    ready(play)
    order = hold(play, "supervisor", 1, OPENS + dt.timedelta(seconds=1000))
    play.start_opening()
    play.world.net.down = {"supervisor"}
    for name in ("manager", "notary"):
        play.world.nodes[name].holds.take(order)
    play.world.settle("manager", "audit", "notary")
    assert play.world.net.taken("release.hash", "manager") == []
    play.world.pass_(TIMES["open_wait"])
    play.world.settle("manager", "notary")
    assert play.world.net.taken("release.hash", "manager") == []


def test_with_no_known_hold_a_silent_authority_delays_no_longer_than_open_wait(play):
    ready(play)
    play.start_opening()
    play.world.net.answers.clear()
    play.world.net.down = {"supervisor"}
    play.world.nodes["audit"].state.change("DELETE FROM answer WHERE kind = 'release.hash'")
    play.world.nodes["audit"].state.change("DELETE FROM statement WHERE kind LIKE 'release%'")
    play.world.settle("audit")
    assert play.world.net.taken("release.hash", "audit") == []
    play.world.pass_(TIMES["open_wait"])
    play.world.settle("audit")
    assert len(play.world.net.taken("release.hash", "audit")) == 1


def test_a_hold_nobody_of_the_policy_signed_is_not_taken(play):
    content = Hold(LOT, 1, clock.rfc3339(OPENS), clock.rfc3339(OPENS + dt.timedelta(days=1)), "x").content()
    with pytest.raises(HoldError):
        play.world.node.holds.take(Signed.make(content, keys.generate()))


# clocks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [3600, -3600])
def test_a_clock_stepped_by_an_hour_signs_nothing_that_rests_on_the_time(play, seconds):
    ready(play)
    play.world.hands["audit"].step(seconds)
    play.start_opening()
    assert play.world.net.taken("release.hash", "audit") == []
    assert len(play.world.net.taken("release.hash")) == 3
    assert "clock.step" in points(play.world.nodes["audit"])
    play.world.hands["audit"].step(-seconds)
    play.log(rounds=3)
    assert len(play.world.net.taken("release.hash")) == 4


def test_a_clock_stepped_forward_opens_no_bid_early(play):
    play.bid("甲公司")
    made = play.close()
    play.admit(made)
    play.start_opening()
    for hands in play.world.hands.values():
        hands.step(3600)
    play.world.settle()
    assert play.world.net.taken("release.hash") == []


def test_a_clock_set_back_while_the_node_slept_is_noticed_at_the_start(play):
    ready(play)
    play.world.settle()
    play.world.hands["audit"].step(-3600)
    play.world.open("audit")
    play.start_opening()
    assert play.world.net.taken("release.hash", "audit") == []
    assert "clock.step" in points(play.world.nodes["audit"])


# changed terms -----------------------------------------------------------------------------------------------------


def test_a_bid_to_terms_that_are_on_their_way_waits_and_one_to_old_terms_is_refused(play):
    old, first = play.seal("甲公司").sealed.manifest, play.raw
    play.raw = play.build(2)
    new = play.seal("乙公司").sealed.manifest
    present_manifest(play, new)
    assert refusals(play) == []
    assert play.world.net.taken("ack") == []
    play.log_keyset(play.raw, 2)
    play.log()
    play.world.settle(rounds=2)
    assert len(play.world.net.taken("ack")) == 4
    present_manifest(play, old)
    assert {said.reason for said in refusals(play)} == {"the manifest names another keyset than the one in force"}
    assert first != play.raw


def test_the_supervising_node_signs_no_changed_terms_of_another_owner(play):
    signed = len(play.world.net.taken("keyset.signature"))
    spelled = keys.spell(keys.generate().public_key())
    supervisor = play.world.policy.witnesses["supervisor"].sign_key
    raw = play.build(2, fact_keys=FactKeys(spelled, spelled, supervisor))
    play.world.mail("keyset.sign", {"lot": LOT, "version": 2, "file": keys.b64(raw)}, "supervisor")
    play.world.settle("supervisor", rounds=1)
    assert len(play.world.net.taken("keyset.signature")) == signed
