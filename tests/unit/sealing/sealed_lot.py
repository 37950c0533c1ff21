"""A lot with four trustees, a CA, and bidders who seal real bids: what the tests of the protocol act on."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from kernel import canonical, clock, keys, merkle
from kernel.statements import Signed
from sealing import age, bid, certificates, receipts, roll, shares, submission
from sealing.keyset import Audience, AudienceRecipient, FactKeys, Keyset, Stage, TrusteeEntry, trustee_statement
from sealing.manifest import ClientClaim, Manifest
from sealing.suite import SUITES

LOT = "E9901010000000117001001"
ORGS = ("监督", "管理", "审计", "公证")
SUITE = SUITES["age-x25519/1"]
NOW = dt.datetime(2026, 11, 23, 1, 0, tzinfo=dt.UTC)
CREATED_AT = "2026-11-23T00:59:00Z"
RECEIVED_AT = "2026-11-23T01:00:00Z"
CLOSES_AT = "2026-11-23T01:30:00Z"
CLIENT = ClientClaim("kaibiao", "0.1.0", "0" * 64)
YEAR = dt.timedelta(days=365)


@dataclass
class Trustee:
    """One organization's node: its signing key and a stage identity for each stage."""

    i: int
    org: str
    key: keys.PrivateKey
    secrets: dict[str, bytes] = field(default_factory=dict)


@dataclass
class Lot:
    trustees: list[Trustee]
    evaluator: bytes
    keyset: Keyset
    raw: bytes
    ca: bytes
    ca_key: keys.PrivateKey
    platform: keys.PrivateKey

    @property
    def sha256(self) -> str:
        return canonical.sha(self.raw)

    @property
    def policy(self) -> dict[str, keys.PublicKey]:
        return {trustee.org: trustee.key.public_key() for trustee in self.trustees}

    def bidder(self, org: str = "甲公司", uscc: str = "91110000100000001A") -> bid.BidderIdentity:
        key = keys.generate()
        subject = certificates.Subject(org, uscc, "p-1")
        der = certificates.issue(
            self.ca, self.ca_key, key.public_key(), subject, serial=1000, not_before=NOW - YEAR, not_after=NOW + YEAR
        )
        return bid.BidderIdentity((der,), key)

    def seal(self, out: Path, bidder: bid.BidderIdentity | None = None, **job) -> bid.SealedBid:
        sheet = job.pop("sheet", {"price": "21846300.00", "period_days": 180})
        options = {"files": [], "out": out, "created_at": CREATED_AT, "client": CLIENT, **job}
        return bid.seal(self.keyset, self.raw, bidder or self.bidder(), sheet, **options)

    def lines(self, manifest: Manifest, stage: str, *who: int) -> dict[int, bytes]:
        """What trustees `who` (all by default) unwrap of an envelope."""
        wanted = who or tuple(trustee.i for trustee in self.trustees)
        envelope = manifest.envelope(stage)
        return {
            trustee.i: shares.unwrap(envelope.share(trustee.i).wrapped, SUITE, trustee.secrets[stage])
            for trustee in self.trustees
            if trustee.i in wanted
        }

    def faults(self, sealed: bid.SealedBid, **changed) -> list[str]:
        """The codes that the check of a submission reports, with some parts exchanged."""
        files = {e.stage: facts(sealed.folder / f"{e.stage}.age") for e in sealed.manifest.envelopes}
        parts = {
            "manifest_raw": sealed.manifest_raw,
            "sig": sealed.sig,
            "bidder_json_raw": sealed.bidder_json,
            "files": files,
            **changed,
        }
        found = submission.check_submission(submission.Submission(**parts), self.keyset, self.sha256, [self.ca], NOW)
        assert all(fault.zh and fault.en and fault.rule == "1.3" for fault in found)
        return [fault.code for fault in found]


def facts(path: Path) -> submission.FileFacts:
    raw = path.read_bytes()
    return submission.FileFacts(hashlib.sha256(raw).hexdigest(), len(raw), raw[: submission.HEAD_BYTES])


def make_lot(stages: tuple[str, ...] = ("sheet", "docs"), version: int = 1) -> Lot:
    trustees = [Trustee(i, org, keys.generate()) for i, org in enumerate(ORGS, 1)]
    evaluator, reader = age.generate()
    made = tuple(_stage(name, trustees, reader, version) for name in stages)
    owner, supervisor = keys.spell(keys.generate().public_key()), keys.spell(trustees[0].key.public_key())
    raw = Keyset.build(lot=LOT, version=version, fact_keys=FactKeys(owner, owner, supervisor), stages=made)
    ca_key = keys.generate()
    ca = certificates.make_ca("平台 CA", ca_key, NOW - 2 * YEAR, NOW + 2 * YEAR)
    return Lot(trustees, evaluator, Keyset.parse(raw), raw, ca, ca_key, keys.generate())


def _stage(name: str, trustees: list[Trustee], reader: str, version: int) -> Stage:
    public = name.endswith("sheet")
    return Stage(
        name=name,
        t=3,
        holds_price=name == "sheet",
        audience=Audience.PUBLIC if public else Audience.EVALUATION,
        audience_recipients=() if public else (AudienceRecipient("评标", reader),),
        trustees=tuple(_entry(name, trustee, version) for trustee in trustees),
    )


def _entry(stage: str, trustee: Trustee, version: int) -> TrusteeEntry:
    trustee.secrets[stage], recipient = age.generate()
    spelled = keys.spell(trustee.key.public_key())
    statement = trustee_statement(
        lot=LOT, stage=stage, version=version, i=trustee.i, org=trustee.org, recipient=recipient, sign_key=spelled
    )
    return TrusteeEntry(trustee.i, trustee.org, recipient, spelled, keys.b64(keys.sign(statement, trustee.key)))


def resigned(sealed: bid.SealedBid, key: keys.PrivateKey, manifest: Manifest) -> bid.SealedBid:
    """The bid with a manifest that its (dishonest) bidder wrote and signed anew."""
    raw = manifest.encode()
    return bid.SealedBid(sealed.folder, manifest, raw, keys.sign(raw, key), sealed.bidder_json)


@dataclass
class Box:
    """A platform's list of bids on a log of its own, for tests of the roll."""

    lot: Lot
    leaves: list[bytes] = field(default_factory=list)
    taken: list[tuple[bid.SealedBid, Signed, int]] = field(default_factory=list)

    def log(self, fact: receipts.BidFact) -> tuple[Signed, int]:
        receipt = receipts.Receipt(fact, bytes(16))
        self.leaves.append(receipt.entry())
        return Signed.make(receipt.content(), self.lot.platform), len(self.leaves) - 1

    def take(self, sealed: bid.SealedBid, received_at: str = RECEIVED_AT) -> Signed:
        fact = receipts.sealed_fact(LOT, sealed.manifest_raw, sealed.sig, received_at)
        receipt, index = self.log(fact)
        self.taken.append((sealed, receipt, index))
        return receipt

    def proof(self, index: int) -> tuple[bytes, ...]:
        hashes = [merkle.leaf_hash(leaf) for leaf in self.leaves]
        return tuple(merkle.inclusion_proof(hashes, index, len(hashes)))

    @property
    def cut_root(self) -> bytes:
        return merkle.root(self.leaves)

    def roll(self, statuses: dict[str, tuple[roll.Status, str]] | None = None) -> roll.Roll:
        known = statuses or {}
        entries = []
        for sealed, receipt, index in self.taken:
            status, by = known.get(sealed.manifest_sha256, (roll.Status.LIVE, None))
            entries.append(
                roll.RollEntry(
                    manifest=sealed.manifest_raw,
                    sig=sealed.sig,
                    bidder_json=sealed.bidder_json,
                    receipt=receipt,
                    index=index,
                    proof=self.proof(index),
                    status=status,
                    by=by,
                )
            )
        return roll.Roll.of(LOT, 1, len(self.leaves), entries)


def withdrawal(sealed: bid.SealedBid, key: keys.PrivateKey) -> Signed:
    return Signed.make(receipts.Withdrawal(LOT, sealed.manifest_sha256, RECEIVED_AT).content(), key)


def instant(text: str) -> dt.datetime:
    return clock.parse_rfc3339(text)
