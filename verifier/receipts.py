"""Receipts, withdrawals, acknowledgements and disclosures: what the log sealed about each bid, and that none is missing (1.3, 1.8)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kernel import canonical, keys, merkle
from kernel.errors import Words
from kernel.statements import Signed
from sealing import receipts
from sealing.receipts import Ack, Receipt, SealedFact, WithdrawnFact
from sealing.roll import Status
from supervision import entries, facts
from supervision.lotview import Box
from supervision.vocabulary import Fact, from_json
from verifier import moments
from verifier.case import LotCase, short
from verifier.claims import Section, lie, not_due, one
from verifier.listed import Listed
from verifier.source import find, read_json


@dataclass(frozen=True)
class Disclosed:
    """A sealed fact that became public, proved against its entry."""

    index: int
    fact: Fact


def disclosures(lot: LotCase) -> Section[list[Disclosed]]:
    """Each disclosed fact and its salt hash to the seal that stands in the log."""
    raw = find(lot.archive, lot.path("disclosures.json"))
    if raw is None:
        yield not_due("disclosures", "尚未公开封存的事实", "no sealed fact is public yet")
        return []
    found, faults = list[Disclosed](), list[Words]()
    for row in sorted(canonical.decode(raw), key=lambda row: int(row["index"])):
        sealed = canonical.encode(row["fact"])
        if not entries.check_disclosure(lot.book.entry(row["index"]), keys.unb64(row["salt"]), sealed):
            faults.append(
                Words(
                    f"第 {row['index']} 条公开的内容与封存的不符",
                    f"entry {row['index']} sealed something else than what is disclosed",
                )
            )
        found.append(Disclosed(row["index"], from_json(row["fact"])))
    yield from one(
        "disclosures",
        faults,
        Words(
            f"{len(found)} 条封存的事实公开，均与日志相符", f"{len(found)} sealed facts disclosed, each fits its seal"
        ),
    )
    return found


def receipts_of(lot: LotCase, found: list[Listed]) -> Section[None]:
    """The platform's receipt of each bid: signed, in time, and in the log below the cut."""
    box, key = lot.view.box, lot.book.policy.platform
    assert box is not None
    if key is None:
        yield not_due("receipts", "信任策略中没有平台公钥", "the policy names no platform key")
    faults = [fault for entry in found for fault in _receipt_faults(lot, entry, box)]
    yield from one(
        "receipts",
        faults,
        Words(
            f"{len(found)} 份回执：平台签名、时间、截取之前的位置均有效",
            f"{len(found)} receipts signed by the platform, in time, in the log below the cut",
        ),
    )


def _receipt_faults(lot: LotCase, entry: Listed, box: Box) -> Iterator[Words]:
    receipt, fact = entry.receipt, entry.receipt.fact
    expected = (lot.code, entry.sha256, canonical.sha(entry.sig))
    if not isinstance(fact, SealedFact) or (fact.lot, fact.manifest_sha256, fact.sig_sha256) != expected:
        yield _about(entry, "的回执不是这份投标的", "has the receipt of something else")
    yield from _placed(lot, entry, (entry.signed_receipt, receipt), (entry.entry.index, entry.entry.proof), box)


def _placed(
    lot: LotCase, entry: Listed, said: tuple[Signed, Receipt], place: tuple[int, tuple[bytes, ...]], box: Box
) -> Iterator[Words]:
    """Signed by the platform, received before the deadline, and standing in the log below the cut."""
    signed, receipt = said
    key = lot.book.policy.platform
    if key is not None and not signed.signed_by(key):
        yield _about(entry, "的回执不是平台签发的", "has a receipt that the platform did not sign")
    if lot.view.deadline is None or moments.seconds(receipt.fact.received_at) >= lot.view.deadline.closes_at:
        yield _about(
            entry,
            f"于 {receipt.fact.received_at} 收到，已过截止时间",
            f"was received at {receipt.fact.received_at}, after the deadline",
        )
    index, proof = place
    leaf = merkle.leaf_hash(receipt.entry())
    below = merkle.verify_inclusion(leaf, index, box.fact.cut_size, proof, box.cut.root)
    if not below or lot.book.entry(index) != receipt.entry():
        yield _about(
            entry,
            "截取时不在日志中：是截止后塞入的",
            "does not stand in the log below the cut: it was slipped in later",
        )


def withdrawals(lot: LotCase, found: list[Listed]) -> Section[None]:
    """Who is called withdrawn has a signed statement with a receipt below the cut."""
    called = [entry for entry in found if entry.status is Status.WITHDRAWN]
    path = lot.path("withdrawals.json")
    given = read_json(lot.archive, path) if called else {}
    faults = [fault for entry in called for fault in _withdrawal_faults(lot, entry, given)]
    good = Words(
        f"{len(called)} 份，均有截取之前的撤回声明及回执",
        f"{len(called)} bids withdrawn, each by a statement receipted below the cut",
    )
    yield from one("withdrawals", faults, good)


def _withdrawal_faults(lot: LotCase, entry: Listed, given: Mapping[str, Any]) -> Iterator[Words]:
    box, proof = lot.view.box, given.get(entry.by or "")
    assert box is not None
    if proof is None:
        yield _about(
            entry, "被称为已撤回，但没有撤回声明", "is called withdrawn, but there is no statement of withdrawal"
        )
        return
    signed = Signed.from_json(proof["receipt"])
    receipt = Receipt.read(signed)
    fact = receipt.fact
    if not isinstance(fact, WithdrawnFact) or fact.statement.sha256 != entry.by:
        yield _about(entry, "的撤回回执是别的声明的", "has the receipt of another statement")
        return
    said = receipts.Withdrawal.read(fact.statement)
    if {(said.lot, said.manifest_sha256), (fact.lot, fact.manifest_sha256)} != {(lot.code, entry.sha256)}:
        yield _about(entry, "的撤回声明所指是别的投标", "is called withdrawn by a statement about another bid")
    hashes = tuple(keys.unb64(part) for part in proof["proof"])
    yield from _placed(lot, entry, (signed, receipt), (proof["index"], hashes), box)


def complete(found: list[Listed], disclosed: list[Disclosed]) -> Section[None]:
    """Nothing that the platform took, or that a node acknowledged, is missing from the roll."""
    listed = {entry.sha256: entry for entry in found}
    faults = [fault for one_fact in disclosed for fault in _left_out(one_fact, listed)]
    taken = sum(isinstance(one_fact.fact, facts.BidSealed) for one_fact in disclosed)
    if taken < len(found):
        faults.append(
            Words(
                f"名册有 {len(found)} 份投标，日志只公开 {taken} 份的封存事实",
                f"the roll lists {len(found)} bids, but only {taken} are disclosed in the log",
            )
        )
    yield from one(
        "complete",
        faults,
        Words(f"日志封存的 {taken} 份投标全部在名册上", f"all {taken} bids that the log sealed are on the roll"),
    )


def _left_out(disclosed: Disclosed, listed: Mapping[str, Listed]) -> Iterator[Words]:
    match disclosed.fact:
        case facts.BidSealed() as fact if fact.manifest_sha256 not in listed:
            digest = short(fact.manifest_sha256)
            yield Words(
                f"第 {disclosed.index} 条收到的投标 {digest} 不在名册上",
                f"bid {digest}, taken in entry {disclosed.index}, was left off the roll",
            )
        case facts.BidWithdrawn() as fact if _still_live(listed.get(fact.manifest_sha256)):
            digest = short(fact.manifest_sha256)
            yield Words(
                f"投标 {digest} 已撤回（第 {disclosed.index} 条）却列为有效",
                f"bid {digest} was withdrawn (entry {disclosed.index}) and yet is live",
            )
        case _:
            return


def _still_live(entry: Listed | None) -> bool:
    return entry is not None and entry.status is Status.LIVE


def acks(lot: LotCase, found: list[Listed]) -> Section[None]:
    """Each acknowledgement is its node's, and of a bid that is on the roll."""
    raw = find(lot.archive, lot.path("acks.json"))
    if raw is None:
        yield lie("acks", "缺少节点确认 acks.json", "acks.json is missing")
        return
    rows, listed = canonical.decode(raw), {entry.sha256 for entry in found}
    faults = [fault for row in rows for fault in _ack_faults(lot, row, listed)]
    yield from one(
        "acks",
        faults,
        Words(
            f"{len(rows)} 份节点确认有效，所指投标均在名册上",
            f"{len(rows)} answers of nodes, signed, each about a bid on the roll",
        ),
    )


def _ack_faults(lot: LotCase, row: Mapping[str, Any], listed: set[str]) -> Iterator[Words]:
    signed = Signed.from_json({"file": row["file"], "sig": row["sig"]})
    said = Ack.read(signed) if row["kind"] == "ack" else receipts.Refusal.read(signed)
    witness = lot.book.policy.witnesses.get(row["node"])
    if witness is None or not signed.signed_by(witness.verifier.key) or lot.view.trustee_of(witness.sign_key) != said.i:
        yield Words(
            f"{row['node']} 的确认不是它签的", f"an acknowledgement in the name of {row['node']} is not signed by it"
        )
    if said.manifest_sha256 not in listed:
        digest = short(said.manifest_sha256)
        yield Words(
            f"{row['node']} 确认过的投标 {digest} 不在名册上",
            f"bid {digest}, acknowledged by {row['node']}, was left off the roll",
        )


def _about(entry: Listed, zh: str, en: str) -> Words:
    return Words(f"投标 {short(entry.sha256)} {zh}", f"bid {short(entry.sha256)} {en}")
