"""The opening record is signed by platform, owner and supervising authority (sealing.md 1.6), each with the key that stands for it."""

from __future__ import annotations

import pytest
from bidding_stage import cut_json, staged
from tendering_stage import _certify

from bidding import record
from kernel import canonical, keys
from kernel.errors import Forbidden, Invalid, Refusal


@pytest.fixture
def stage(tmp_path):
    with staged(tmp_path) as found:
        yield found


@pytest.fixture
def opened(stage):
    lot = stage.one_lot()
    for name in "abc":
        stage.bid(lot, name)
    stage.run_to_close(lot)
    stage.start(lot)
    stage.run_until("opened", lot)
    stage.run(2)
    return lot


def raw_of(stage, lot) -> bytes:
    return (stage.public(lot) / "record.json").read_bytes()


def answered(stage, lot, raw, key, digest=None) -> None:
    body = {"lot": lot, "record_sha256": digest or canonical.sha(raw), "sig": keys.b64(keys.sign(raw, key))}
    with stage.act() as now:
        record.take_signature("supervisor", body, now)


def test_the_supervising_node_is_asked_for_its_signature_with_the_exact_bytes(stage, opened):
    (letter,) = [found for found in stage.letters if found["kind"] == "record.sign"]
    assert letter["node"] == "supervisor"
    assert keys.unb64(letter["body"]["file"]) == raw_of(stage, opened)


def test_all_three_signatures_are_published_and_logged(stage, opened):
    raw, authority = raw_of(stage, opened), stage.nodes["supervisor"].private
    for _ in range(2):
        answered(stage, opened, raw, authority)
    with stage.act() as now:
        record.sign(stage.owner, opened, keys.b64(keys.sign(raw, stage.owner_key)), stage.cert, now)
    stage.run(2)
    sigs = cut_json(stage, opened, "record.sigs.json")
    assert set(sigs) == {"platform", "owner", "supervisor"}
    assert keys.verified(keys.unb64(sigs["supervisor"]), raw, authority.public_key())
    assert [len(fact.signatures) for fact in stage.facts("opening.record")] == [1, 2, 3]


def test_another_nodes_signature_is_refused_and_one_over_another_record_changes_nothing(stage, opened):
    raw = raw_of(stage, opened)
    with pytest.raises(Invalid):
        answered(stage, opened, raw, stage.nodes["audit"].private)
    answered(stage, opened, b"{}", stage.nodes["supervisor"].private)
    for body in (
        {"lot": opened, "record_sha256": canonical.sha(raw), "sig": "!"},
        {"lot": opened, "record_sha256": canonical.sha(raw)},
    ):
        with pytest.raises(Invalid), stage.act() as now:
            record.take_signature("supervisor", body, now)
    with pytest.raises(Refusal), stage.act() as now:
        record.take_signature("supervisor", {}, now)
    assert set(cut_json(stage, opened, "record.sigs.json")) == {"platform"}


def test_the_owner_signs_with_the_key_of_the_keyset_and_an_officer_is_not_the_authority(stage, opened):
    raw, other, officer = raw_of(stage, opened), keys.generate(), keys.generate()
    with stage.act():
        cert, badge = _certify(stage.owner, other, stage.now), _certify(stage.supervising, officer, stage.now)
    with pytest.raises(Forbidden) as refusal, stage.act() as now:
        record.sign(stage.owner, opened, keys.b64(keys.sign(raw, other)), cert, now)
    assert refusal.value.code == "record.other_key"
    with stage.act() as now:
        record.sign(stage.supervising, opened, keys.b64(keys.sign(raw, officer)), badge, now)
    stage.run(2)
    assert set(cut_json(stage, opened, "record.sigs.json")) == {"platform", "officer"}
