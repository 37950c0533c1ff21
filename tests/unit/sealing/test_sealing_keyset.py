"""The keyset: its strict form, and every obstacle that keeps it from being used (sealing.md 1.1)."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from sealed_lot import make_lot

from kernel import canonical, keys
from sealing import age, keyset
from sealing.keyset import Audience, AudienceRecipient, Keyset, TrusteeEntry
from sealing.wire import WireError


def changed_stage(lot, **changes) -> Keyset:
    first, *rest = lot.keyset.stages
    return replace(lot.keyset, stages=(replace(first, **changes), *rest))


def changed_trustee(lot, place, **changes) -> Keyset:
    trustees = list(lot.keyset.stages[0].trustees)
    trustees[place] = replace(trustees[place], **changes)
    return changed_stage(lot, trustees=tuple(trustees))


def test_a_sound_keyset_has_no_obstacles(lot):
    assert lot.keyset.check(lot.policy) == []
    assert Keyset.parse(lot.raw) == lot.keyset
    assert lot.keyset.encode() == lot.raw


def test_the_form_is_that_of_the_protocol(lot):
    content = json.loads(lot.raw)
    assert set(content) == {
        "type", "suite", "lot", "version", "ack_min", "fact_keys", "cut_grace", "roll_window", "open_wait",
        "release_by", "rescue_until", "stages",
    }  # fmt: skip
    assert set(content["stages"][0]) == {
        "name", "t", "holds_price", "audience", "audience_recipients", "trustees",
    }  # fmt: skip
    assert set(content["stages"][0]["trustees"][0]) == {"i", "org", "recipient", "sign_key", "sig"}
    assert (content["cut_grace"], content["rescue_until"]) == (30, 7200)


@pytest.mark.parametrize(
    ("changes", "obstacle"),
    [
        ({"t": 1}, "needs 2 <= t < n"),
        ({"t": 4}, "needs 2 <= t < n"),
        ({"holds_price": False}, "exactly one stage must hold the price"),
        ({"audience": Audience.EVALUATION}, "names who can read it"),
        ({"name": "docs"}, "a name of its own"),
    ],
)
def test_unsound_terms_of_a_stage_are_named(lot, changes, obstacle):
    assert any(obstacle in found for found in changed_stage(lot, **changes).check(lot.policy))


def test_n04_a_keyset_of_the_evaluation_alone_holds_no_price(lot):
    docs = lot.keyset.stage("docs")
    alone = replace(lot.keyset, stages=(docs,))
    assert alone.for_evaluation
    assert not lot.keyset.for_evaluation
    assert alone.check(lot.policy) == []
    priced = replace(alone, stages=(replace(docs, holds_price=True),))
    assert priced.check(lot.policy) == ["docs: the price is read out in public"]


@pytest.mark.parametrize(
    ("changes", "obstacle"),
    [
        ({"ack_min": 5}, "ack_min"),
        ({"suite": "gm/1"}, "unknown"),
        ({"release_by": 10}, "release_by"),
        ({"stages": ()}, "there must be stages"),
    ],
)
def test_unsound_terms_of_the_lot_are_named(lot, changes, obstacle):
    assert any(obstacle in found for found in replace(lot.keyset, **changes).check(lot.policy))


def test_a_recipient_of_the_evaluation_cannot_serve_a_trustee_too(lot):
    stages = list(lot.keyset.stages)
    reader = AudienceRecipient("评标", stages[0].trustees[0].recipient)
    stages[1] = replace(stages[1], audience_recipients=(reader,))
    found = replace(lot.keyset, stages=tuple(stages)).check(lot.policy)
    assert any("appears twice" in obstacle for obstacle in found)


def test_no_organization_holds_enough_shares_alone_and_none_is_needed(lot):
    entries = lot.keyset.stages[0].trustees
    three = tuple(replace(entry, org="监督") for entry in entries[:3]) + entries[3:]
    found = changed_stage(lot, trustees=three).check(lot.policy)
    assert any("alone holds enough shares" in obstacle for obstacle in found)
    assert any("could not be opened" in obstacle for obstacle in found)


def test_a_trustee_outside_the_policy_is_named(lot):
    policy = {org: key for org, key in lot.policy.items() if org != "公证"}
    assert any("公证 is not one of the pinned nodes" in found for found in lot.keyset.check(policy))
    policy = {**lot.policy, "公证": keys.generate().public_key()}
    assert any("公证 is not the one pinned" in found for found in lot.keyset.check(policy))


def test_an_exchanged_recipient_spoils_the_trustees_signature(lot):
    found = changed_trustee(lot, 1, recipient=age.generate()[1]).check(lot.policy)
    assert found == ["sheet: the signature of 管理 over its recipient is not valid"]


@pytest.mark.parametrize("recipient", ["age1", "AGE1" + "Q" * 58, "age1" + "b" * 58, "ssh-ed25519 AAAA"])
def test_a_malformed_recipient_is_named(lot, recipient):
    found = changed_trustee(lot, 0, recipient=recipient).check(lot.policy)
    assert any("recipient of 监督 is malformed" in obstacle for obstacle in found)


def test_an_entry_of_another_version_does_not_count(lot):
    assert any("not valid" in found for found in replace(lot.keyset, version=2).check(lot.policy))


@pytest.mark.parametrize("name", ["lot", "version", "stages", "fact_keys", "type"])
def test_a_missing_field_is_refused(lot, name):
    content = json.loads(lot.raw)
    del content[name]
    with pytest.raises(WireError, match=name):
        Keyset.parse(canonical.encode(content))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lot", ""),
        ("lot", "a\nb"),
        ("version", 0),
        ("version", True),
        ("cut_grace", "30"),
        ("cut_grace", 0),
        ("stages", {}),
        ("stages", [1]),
        ("fact_keys", None),
        ("type", "kaibiao-keyset/2"),
        ("extra", 1),
    ],
)
def test_a_field_of_another_form_is_refused(lot, name, value):
    content = json.loads(lot.raw) | {name: value}
    with pytest.raises(WireError):
        Keyset.parse(canonical.encode(content))


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b"\xff", b'{"a":1,"a":1}', b"1.5", b"[" * 5000])
def test_what_is_no_keyset_is_refused_without_a_crash(raw):
    with pytest.raises(WireError):
        Keyset.parse(raw)


def test_the_trustees_statement_comes_back(lot):
    entry: TrusteeEntry = lot.keyset.stages[0].trustees[0]
    fields = {
        "lot": lot.keyset.lot,
        "stage": "sheet",
        "version": 1,
        "i": entry.i,
        "org": entry.org,
        "recipient": entry.recipient,
        "sign_key": entry.sign_key,
    }
    raw = keyset.trustee_statement(**fields)
    assert keyset.parse_trustee_statement(raw) == fields
    assert keys.verified(keys.unb64(entry.sig), raw, keys.parse(entry.sign_key))


def test_owner_and_supervising_authority_sign_the_exact_bytes():
    lot, owner = make_lot(), keys.generate()
    supervisor = lot.trustees[0].key
    spelled = keys.spell(owner.public_key())
    fact_keys = replace(lot.keyset.fact_keys, owner=spelled, agency=spelled)
    signed = replace(lot.keyset, fact_keys=fact_keys)
    raw = signed.encode()
    sigs = keys.sign(raw, owner), keys.sign(raw, supervisor)
    assert keyset.signature_obstacles(signed, raw, *sigs) == []
    assert keyset.signature_obstacles(signed, raw + b" ", *sigs) == [
        "the signature of the owner is not valid",
        "the signature of the supervisor is not valid",
    ]
    assert len(keyset.signature_obstacles(signed, raw, sigs[1], sigs[1])) == 1
