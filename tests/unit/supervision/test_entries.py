"""Entries: open facts and seals; all seals look alike."""

import math
from collections import Counter

import pytest

from kernel import canonical, keys
from supervision import entries
from supervision.entries import EntryError, OpenEntry, SealedEntry
from supervision.facts import DepositPaid, DocumentTaken, SignedIn

AT = "2026-11-23T01:30:00Z"
FACTS = (
    DepositPaid(lot="A", amount="800000.00", org="91350000", at=AT),
    DocumentTaken(tender="T", document_sha256="0" * 64, org="91350000MA2XN0P11F", at=AT),
    SignedIn(person="王", at=AT),
)


def sealed(fact):
    return entries.sealed_entry(entries.seal_of(entries.new_salt(), fact.canonical()))


def test_an_open_entry_is_the_canonical_fact_of_version_1():
    raw = entries.open_entry({"kind": "x", "a": 1})
    assert raw == b'{"fact":{"a":1,"kind":"x"},"v":1}'
    assert entries.parse(raw) == OpenEntry({"kind": "x", "a": 1})


def test_a_seal_opens_with_its_salt_and_fact_only():
    salt, fact = entries.new_salt(), FACTS[0].canonical()
    entry = entries.sealed_entry(entries.seal_of(salt, fact))
    assert entries.check_disclosure(entry, salt, fact)
    assert not entries.check_disclosure(entry, entries.new_salt(), fact)
    assert not entries.check_disclosure(entry, salt, FACTS[1].canonical())
    assert not entries.check_disclosure(entry, salt[:15], salt[15:] + fact)
    assert not entries.check_disclosure(entries.open_entry({"kind": "x"}), salt, fact)
    assert not entries.check_disclosure(b"junk", salt, fact)


def test_the_same_fact_sealed_twice_gives_two_seals():
    assert sealed(FACTS[0]) != sealed(FACTS[0])


def test_facts_of_all_kinds_and_cover_have_one_length_and_one_shape():
    seen = {len(sealed(fact)) for fact in FACTS} | {len(entries.cover_entry())}
    assert seen == {61}
    shapes = {tuple(sorted(canonical.decode(raw))) for raw in (*map(sealed, FACTS), entries.cover_entry())}
    assert shapes == {("seal", "v")}


def test_no_statistic_of_the_bytes_tells_a_fact_from_cover():
    """A byte histogram of 4,000 seals of each sort stays within five sigma of flat."""
    sorts = [lambda: sealed(FACTS[0]), lambda: sealed(FACTS[2]), entries.cover_entry]
    for make in sorts:
        counts = Counter()
        for _ in range(4000):
            found = entries.parse(make())
            assert isinstance(found, SealedEntry)
            counts.update(found.seal)
        expected = 4000 * 32 / 256
        chi = sum((counts[byte] - expected) ** 2 / expected for byte in range(256))
        assert abs(chi - 255) < 5 * math.sqrt(2 * 255)


SEAL = keys.b64(bytes(32)).encode()


@pytest.mark.parametrize(
    "raw",
    [
        b'{"v":1,"seal":"' + SEAL + b'"}',
        b'{"seal":"' + SEAL + b'", "v":1}',
        b'{"seal":"' + SEAL + b'","v":2}',
        b'{"seal":"' + SEAL + b'","v":true}',
        b'{"seal":"' + SEAL + b'","v":1,"x":0}',
        b'{"seal":"' + SEAL + b'","seal":"' + SEAL + b'","v":1}',
        b'{"fact":{},"seal":"' + SEAL + b'","v":1}',
        b'{"seal":"' + keys.b64(bytes(31)).encode() + b'","v":1}',
        b'{"seal":"' + SEAL[:-2] + b'B=","v":1}',
        b'{"fact":[],"v":1}',
        b'{"fact":{"a":1.5},"v":1}',
        b'{"fact":{"a":"\xff"},"v":1}',
        b"[]",
        b"",
        b"\x00",
        b"[" * 100_000,
    ],
)
def test_what_is_not_an_entry_is_refused(raw):
    with pytest.raises(EntryError):
        entries.parse(raw)


def test_an_entry_too_long_for_the_log_is_refused():
    assert len(entries.open_entry({"a": "x" * (65_535 - 23)})) == 65_535
    with pytest.raises(EntryError):
        entries.open_entry({"a": "x" * (65_535 - 22)})


def test_salts_and_seals_have_one_size():
    with pytest.raises(EntryError):
        entries.seal_of(b"short", b"")
    with pytest.raises(EntryError):
        entries.sealed_entry(bytes(31))
