"""The vocabulary: complete, strict in both directions, and decided about who sees what."""

import dataclasses
import re

import pytest

from kernel import canonical, keys
from supervision import facts
from supervision.facts import DISCLOSURE, KINDS, Disclosure, FactError

AT = "2026-11-23T01:30:00Z"
SHA = "0" * 64
OPEN_KINDS = [
    "genesis",
    "notice.published",
    "keyset",
    "timetable",
    "suspended",
    "resumed",
    "outage.order",
    "state.changed",
    "box.closed",
    "close",
    "stage.admitted",
    "opening.started",
    "release.hash",
    "release",
    "finding",
    "stage.identity",
    "line.judged",
    "bid.opened",
    "bid.judged",
    "opening.record",
    "committee.formed",
    "docs.opened",
    "result.published",
    "publicity.started",
    "award",
    "tender.failed",
    "tender.cancelled",
    "question.answered",
    "document.added",
    "alert",
    "stage.destroyed",
]
SEALED_KINDS = [
    "bid.sealed",
    "bid.withdrawn",
    "bid.refused",
    "document.taken",
    "deposit.paid",
    "score.sheet",
    "acted",
    "attempt.refused",
    "question.asked",
    "signed.in",
]

ENDS = {Disclosure.AT_OPENING, Disclosure.AT_AWARD, Disclosure.NEVER}
PERSONAL_FIELDS = {"person", "address", "user_agent", "cert_sha256", "org"}


def test_the_vocabulary_is_complete_and_every_kind_is_decided():
    assert set(OPEN_KINDS) <= {kind for kind, opens in DISCLOSURE.items() if opens == {Disclosure.OPEN}}
    assert set(SEALED_KINDS) <= {kind for kind, opens in DISCLOSURE.items() if Disclosure.OPEN not in opens}
    assert set(DISCLOSURE) == set(KINDS)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_kind_is_open_or_sealed_and_never_both(kind):
    opens = DISCLOSURE[kind]
    if Disclosure.OPEN in opens:
        assert opens == {Disclosure.OPEN}
        assert not KINDS[kind].schema.keys() & PERSONAL_FIELDS
    else:
        assert len(opens & ENDS) == 1
        assert Disclosure.SUBJECT in opens


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_class_is_named_after_its_kind_and_is_frozen(kind):
    cls = KINDS[kind]
    assert cls.__name__ == "".join(word.capitalize() for word in re.split(r"[._]", kind))
    assert cls.__dataclass_params__.frozen


def test_a_lots_bid_facts_go_to_all_trustees_at_the_close():
    for kind in ("bid.sealed", "bid.withdrawn", "bid.refused"):
        assert Disclosure.TRUSTEES_AT_CLOSE in DISCLOSURE[kind]


def test_who_paid_who_took_documents_and_who_acted_is_never_public():
    for kind in ("deposit.paid", "document.taken", "acted", "attempt.refused", "signed.in"):
        assert Disclosure.NEVER in DISCLOSURE[kind]


def box():
    bid = facts.BoxedBid(manifest_sha256=SHA, status="replaced", by="1" * 64)
    return facts.BoxClosed(lot="A-1", seq=1, cut_size=9, root=SHA, count=1, bids=(bid,))


def test_a_fact_is_read_back_as_it_was_written():
    assert facts.parse(box().canonical()) == box()
    assert facts.from_json(box().to_json()) == box()
    assert box().to_json()["kind"] == "box.closed"


def test_the_receipts_fact_has_exactly_the_fields_of_the_protocol():
    fact = facts.BidSealed(lot="L", manifest_sha256=SHA, sig_sha256=SHA, receipt_id="r", received_at=AT)
    assert set(fact.to_json()) == {"kind", "lot", "manifest_sha256", "sig_sha256", "receipt_id", "received_at"}
    assert fact.sealed
    assert not box().sealed


def test_a_signed_file_is_had_from_the_fact():
    raw = canonical.encode({"type": "kaibiao-timetable/1"})
    fact = facts.Timetable(lot="L", file=keys.b64(raw), sig=keys.b64(bytes(64)))
    assert fact.signed.content("kaibiao-timetable/1") == {"type": "kaibiao-timetable/1"}


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "box.opened"},
        {"kind": None},
        {"more": 1},
        {"seq": "1"},
        {"seq": True},
        {"seq": 2**53},
        {"seq": None},
        {"root": "0" * 63},
        {"root": "A" * 64},
        {"bids": [{}]},
        {"bids": [{"manifest_sha256": SHA, "status": "lost", "by": None}]},
        {"bids": {"0": 1}},
        {"bids": None},
        {"lot": None},
        {"lot": 5},
    ],
)
def test_a_fact_with_one_wrong_field_is_refused(change):
    with pytest.raises(FactError):
        facts.from_json({**box().to_json(), **change})


@pytest.mark.parametrize("name", ["lot", "seq", "root", "kind"])
def test_a_fact_with_a_field_missing_is_refused(name):
    value = box().to_json()
    del value[name]
    with pytest.raises(FactError):
        facts.from_json(value)


def test_making_a_malformed_fact_fails_like_reading_one():
    with pytest.raises(FactError):
        facts.PublicityStarted(lot="L", ends_at="2026-11-23 01:30")
    with pytest.raises(FactError):
        facts.PublicityStarted(lot="L", ends_at="2026-13-23T01:30:00Z")
    with pytest.raises(FactError):
        facts.DepositPaid(lot="L", amount="800000", org="o", at=AT)
    with pytest.raises(FactError):
        facts.Close(lot="L", node="n", file="AB==", sig="AAAA")
    with pytest.raises(FactError):
        dataclasses.replace(box(), bids=[])


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"{}", b'{"kind":"genesis" }', b"\xff", b'{"kind":"x","kind":"y"}', b"[" * 5000]
)
def test_bytes_that_are_no_canonical_fact_are_refused(raw):
    with pytest.raises(FactError):
        facts.parse(raw)


def test_a_fact_spelled_otherwise_is_not_canonical():
    with pytest.raises(FactError, match="canonical"):
        facts.parse(box().canonical().replace(b'"count":1,', b'"count": 1,'))


def test_a_kind_is_never_declared_twice():
    with pytest.raises(TypeError):
        type("Other", (facts.Fact,), {"__annotations__": {}}, kind="genesis")
