"""What a node repeats on a roll before it closes (1.4): every paper, every receipt, every status, and its own memory.

Everything is public or the node's own: no secret is needed but for `bad_lines`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kernel import canonical, clock, keys, merkle
from kernel.statements import Signed
from sealing import certificates, receipts, submission, wire
from sealing.faults import Fault
from sealing.keyset import Keyset, Stage
from sealing.manifest import Envelope, Manifest
from sealing.receipts import Receipt, SealedFact, WithdrawnFact
from sealing.roll import Roll, RollEntry, Status
from sealing.succession import Warrant

RULE = "1.4"


@dataclass(frozen=True)
class Withdrawn:
    """The receipt of a withdrawal (its fact carries the signed statement) with its place below the cut."""

    receipt: Signed
    index: int
    proof: tuple[bytes, ...]


@dataclass(frozen=True)
class Grounds:
    """What a roll is measured against.

    `keysets` by their hash, `current` the hash in force at the close; `cut_root` the log's root at the roll's
    cut_size; `platform_key` signs receipts; `withdrawn` by the hash of the withdrawal statement.
    """

    keysets: Mapping[str, Keyset]
    current: str
    roots: Sequence[bytes]
    platform_key: keys.PublicKey
    cut_root: bytes
    closes_at: str
    withdrawn: Mapping[str, Withdrawn]


@dataclass(frozen=True)
class _Read:
    """An entry taken apart."""

    entry: RollEntry
    manifest: Manifest
    bidder: certificates.Bidder
    receipt: Receipt


def check_roll(roll: Roll, box_closed: Mapping[str, Any], grounds: Grounds) -> list[Fault]:
    """All that keeps a node from closing on `roll`, whose fact in the log is `box_closed`; empty means it is whole."""
    found = [] if dict(box_closed) == roll.closed_fact() else [_fact_fault()]
    if list(roll.entries) != sorted(roll.entries, key=lambda entry: entry.manifest_sha256):
        found.append(_fault("roll_order", "名册没有按摘要排序", "the roll is not in the order of its hashes"))
    read = list[_Read]()
    for entry in roll.entries:
        try:
            read.append(_Read(entry, *entry.parsed()))
        except wire.WireError as error:
            found.append(_about(entry, "roll_malformed", f"格式不对({error})", f"is malformed: {error}"))
    for item in read:
        found += [*_paper_faults(roll, item, grounds), *_receipt_faults(roll, item, grounds)]
    return [*found, *_status_faults(roll, read, grounds), *_repeat_faults(read)]


def check_memory(roll: Roll, acknowledged: Iterable[str], held: Iterable[Signed]) -> list[Fault]:
    """What this node remembers and the roll does not show.

    `acknowledged` are manifest hashes it acknowledged and that were not shown to be cover; `held` are receipts signed
    by the platform, of bids and withdrawals, whoever brought them.
    """
    listed = {entry.manifest_sha256: entry for entry in roll.entries}
    found = [
        _fault("acknowledged_missing", f"已确认的投标 {digest} 不在名册上", f"acknowledged {digest} is not on the roll")
        for digest in acknowledged
        if digest not in listed
    ]
    for signed in held:
        found += _held_faults(roll.lot, listed, Receipt.read(signed))
    return found


def bad_lines(
    roll: Roll, keyset: Keyset, i: int, stage_secrets: Mapping[str, bytes], acknowledged: Iterable[str]
) -> tuple[tuple[str, str], ...]:
    """(bid_id, stage) of live bids whose line for trustee `i` is not right; what it acknowledged it cannot call bad."""
    barred, found = set(acknowledged), []
    for entry in roll.live():
        if entry.manifest_sha256 in barred:
            continue
        manifest = Manifest.parse(entry.manifest)
        found += [
            (manifest.bid_id, envelope.stage)
            for envelope in manifest.envelopes
            if receipts.line_defect(manifest, envelope, i, keyset, stage_secrets[envelope.stage]) is not None
        ]
    return tuple(sorted(found))


def ciphertext_due(roll: Roll, stage: Stage) -> dict[str, Envelope]:
    """By bid_id, the envelopes of a public stage whose ciphertexts come with the roll."""
    manifests = [Manifest.parse(entry.manifest) for entry in roll.live()]
    return {manifest.bid_id: manifest.envelope(stage.name) for manifest in manifests}


def _paper_faults(roll: Roll, item: _Read, grounds: Grounds) -> Iterator[Fault]:
    manifest = item.manifest
    keyset = grounds.keysets.get(manifest.keyset_sha256)
    if keyset is None or manifest.lot != roll.lot:
        yield _about(item.entry, "roll_foreign", "不属于本标段或密钥集未知", "is for another lot or an unknown keyset")
        return
    papers = submission.Papers(manifest, item.entry.manifest, item.entry.sig, item.bidder)
    at = clock.parse_rfc3339(item.receipt.fact.received_at)
    for fault in submission.check_papers(papers, keyset, manifest.keyset_sha256, grounds.roots, at):
        yield _about(item.entry, fault.code, fault.zh, fault.en)


def _receipt_faults(roll: Roll, item: _Read, grounds: Grounds) -> Iterator[Fault]:
    fact, entry = item.receipt.fact, item.entry
    if not entry.receipt.signed_by(grounds.platform_key):
        yield _about(entry, "receipt_signature", "回执不是平台签发的", "has a receipt that the platform did not sign")
    expected = (roll.lot, entry.manifest_sha256, canonical.sha(entry.sig))
    if not isinstance(fact, SealedFact) or expected != (fact.lot, fact.manifest_sha256, fact.sig_sha256):
        yield _about(entry, "receipt_differs", "回执不是这份投标的", "has the receipt of something else")
    elif fact.received_at >= grounds.closes_at:
        yield _about(entry, "received_late", "在截止之后收到", "was received after the close")
    if not _below_cut(item.receipt, entry.index, entry.proof, (roll.cut_size, grounds.cut_root)):
        yield _about(
            entry, "not_below_cut", "未证明在截止时已载入日志", "is not proved to stand in the log below the cut"
        )


def _below_cut(receipt: Receipt, index: int, proof: Sequence[bytes], cut: tuple[int, bytes]) -> bool:
    return merkle.verify_inclusion(merkle.leaf_hash(receipt.entry()), index, cut[0], proof, cut[1])


def _status_faults(roll: Roll, read: list[_Read], grounds: Grounds) -> Iterator[Fault]:
    known = {item.entry.manifest_sha256: item for item in read}
    ended = {
        before
        for item in read
        if (before := item.manifest.prev_manifest_sha256) in known and _succeeds(item, known[before], grounds)
    }
    for item in read:
        if not _status_holds(item, known, (roll.cut_size, grounds.cut_root), grounds):
            yield _about(
                item.entry,
                "status_unproved",
                f"的状态“{item.entry.status.value}”没有依据",
                f"is called {item.entry.status.value} without proof",
            )
        if item.entry.status is Status.LIVE and item.entry.manifest_sha256 in ended:
            yield _about(item.entry, "status_stale", "已被替换却列为有效", "was replaced and yet is called live")


def _status_holds(item: _Read, known: Mapping[str, _Read], cut: tuple[int, bytes], grounds: Grounds) -> bool:
    by, warrant = item.entry.by, item.entry.warrant
    match item.entry.status:
        case Status.LIVE:
            return by is None and warrant is None and item.manifest.keyset_sha256 == grounds.current
        case Status.REPLACED:
            return by is not None and by in known and _succeeds(known[by], item, grounds)
        case Status.WITHDRAWN:
            return by is not None and _withdrawn(item, grounds.withdrawn.get(by), cut, grounds)
        case Status.VOID:
            return warrant is None and _voided(item, by, grounds)


def _voided(item: _Read, by: str | None, grounds: Grounds) -> bool:
    """Only a later version of the terms voids a bid, and only one that the log shows in force before the close."""
    own, later = grounds.keysets.get(item.manifest.keyset_sha256), grounds.keysets.get(by or "")
    return own is not None and later is not None and later.version > own.version


def _succeeds(successor: _Read, item: _Read, grounds: Grounds) -> bool:
    papers = submission.Papers(successor.manifest, successor.entry.manifest, successor.entry.sig, successor.bidder)
    ending = _ending(item, grounds)
    return not submission.check_successor(papers, item.entry.manifest, item.entry.bidder_json, ending)


def _ending(item: _Read, grounds: Grounds) -> submission.Ending | None:
    """By which warrant another key than the bid's own ended it; orders count of the authority of the bid's keyset."""
    keyset = grounds.keysets.get(item.manifest.keyset_sha256)
    if item.entry.warrant is None:
        return None
    return submission.Ending(item.entry.warrant, "" if keyset is None else keyset.fact_keys.supervisor)


def _withdrawn(item: _Read, proof: Withdrawn | None, cut: tuple[int, bytes], grounds: Grounds) -> bool:
    """The platform received it, in time, below the cut; and the key that signed the bid signed it."""
    if proof is None:
        return False
    try:
        receipt = Receipt.read(proof.receipt)
    except wire.WireError:
        return False
    fact, entry = receipt.fact, item.entry
    ending = _ending(item, grounds)
    return (
        proof.receipt.signed_by(grounds.platform_key)
        and isinstance(fact, WithdrawnFact)
        and fact.statement.sha256 == entry.by
        and fact.received_at < grounds.closes_at
        and not submission.check_withdrawal(fact.statement, entry.manifest, entry.bidder_json, ending)
        and (ending is None or _certified(ending.warrant, grounds, fact.received_at))
        and _below_cut(receipt, proof.index, proof.proof, cut)
    )


def _certified(warrant: Warrant, grounds: Grounds, received_at: str) -> bool:
    """A successor's certificate was valid when it withdrew the bid; one that replaces is checked with its own bid."""
    try:
        certificates.check_chain(warrant.cert_chain, grounds.roots, clock.parse_rfc3339(received_at))
    except certificates.CertificateError:
        return False
    return True


def _repeat_faults(read: list[_Read]) -> Iterator[Fault]:
    """A copied envelope, or two live bids of one organization."""
    seen = Counter(mark for item in read for mark in submission.marks(item.manifest))
    for item in read:
        if any(seen[mark] > 1 for mark in submission.marks(item.manifest)):
            yield _about(
                item.entry, "envelope_repeats", "与另一份投标的信封相同", "shares an envelope with another bid"
            )
    live = [item for item in read if item.entry.status is Status.LIVE]
    holders = Counter(_holder(item) for item in live)
    for item in live:
        if holders[_holder(item)] > 1:
            yield _about(
                item.entry, "two_live_bids", "同一单位有两份有效投标", "is one of two live bids of one organization"
            )


def _holder(item: _Read) -> tuple[str, str]:
    """By 统一社会信用代码 and name; an outside CA may give only one of them."""
    try:
        subject = certificates.subject_of_der(item.bidder.cert_chain[0])
    except certificates.CertificateError:
        return (item.entry.manifest_sha256, "")
    return (subject.uscc, "" if subject.uscc else subject.org)


def _held_faults(lot: str, listed: Mapping[str, RollEntry], receipt: Receipt) -> Iterator[Fault]:
    fact = receipt.fact
    if fact.lot != lot:
        return
    entry = listed.get(fact.manifest_sha256)
    if entry is None:
        yield _fault(
            "receipt_missing",
            f"有平台回执的投标 {fact.manifest_sha256} 不在名册上",
            f"{fact.manifest_sha256} has the platform's receipt but is not on the roll",
        )
    elif isinstance(fact, WithdrawnFact) and entry.status is Status.LIVE:
        yield _about(
            entry, "withdrawal_missing", "已有撤回回执却列为有效", "has a receipt of withdrawal and yet is live"
        )


def _fact_fault() -> Fault:
    return _fault("roll_differs", "名册与日志中的公布不符", "the roll is not the one that box.closed announces")


def _about(entry: RollEntry, code: str, zh: str, en: str) -> Fault:
    digest = entry.manifest_sha256
    return _fault(code, f"投标 {digest}:{zh}", f"bid {digest} {en}")


def _fault(code: str, zh: str, en: str) -> Fault:
    return Fault(code, zh, en, RULE)
