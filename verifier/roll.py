"""The roll: nothing slipped in after the cut, nothing left out or called withdrawn, and t nodes that said so (1.4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from kernel import canonical, keys, merkle
from kernel.errors import Words
from sealing import certificates, submission, succession
from sealing.roll import Status
from supervision.lotview import Box
from tendering.states import LotEvent
from verifier import moments
from verifier.case import LotCase, short
from verifier.claims import Section, not_due, one
from verifier.listed import Listed, read_entry
from verifier.source import read_json


def roll(lot: LotCase) -> Section[list[Listed]]:
    """The published roll makes the root that box.closed announced, entry for entry."""
    box = lot.view.box
    if box is None or not lot.has("roll.json"):
        if lot.happened(LotEvent.END_OPENING) is not None:
            raise ValueError(f"{lot.path('roll.json')} is missing although the opening is over")
        yield not_due("roll", "名册随开标记录公布", "the roll is published with the opening record")
        return []
    told = read_json(lot.archive, lot.path("roll.json"))
    if told["lot"] != lot.code:
        raise ValueError("roll.json is of another lot")
    unread = lot.keyset.for_evaluation
    found = [read_entry(value, unread=unread) for value in _rows(told["entries"])]
    live = sum(entry.status is Status.LIVE for entry in found)
    yield from one(
        "roll",
        _roll_faults(told, found, box),
        Words(
            f"{len(found)} 份投标，有效 {live} 份，根 {short(box.fact.root)}",
            f"{len(found)} bids, {live} live, root {short(box.fact.root)}",
        ),
    )
    return found


def _rows(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("the roll's entries are not a list")
    return value


def _roll_faults(told: Mapping[str, Any], found: list[Listed], box: Box) -> Iterator[Words]:
    fact = box.fact
    if (told["seq"], told["cut_size"], told["root"], told["count"]) != (fact.seq, fact.cut_size, fact.root, fact.count):
        yield Words(
            "名册的序号、截取位置、根或份数与日志不符",
            "the roll names another number, cut, root or count than box.closed",
        )
    if merkle.root_of_hashes(entry.leaf for entry in found).hex() != fact.root:
        yield Words(
            "名册算出的根与日志公布的不符：名册被改动过",
            "the entries do not make the announced root: the roll was changed",
        )
    shown = {entry.sha256: (entry.status.value, entry.by) for entry in found}
    logged = {bid.manifest_sha256: (str(bid.status), bid.by) for bid in fact.bids}
    for digest in sorted(logged.keys() | shown.keys()):
        if shown.get(digest) != logged.get(digest):
            yield Words(
                f"投标 {short(digest)}：名册与封箱公告不符",
                f"bid {short(digest)}: {_said(shown.get(digest))} on the roll, {_said(logged.get(digest))} in box.closed",
            )


def _said(found: tuple[str, str | None] | None) -> str:
    return "missing" if found is None else found[0]


def papers(lot: LotCase, found: list[Listed]) -> Section[None]:
    """Each manifest, signature, certificate and blinded bidder, as at its receipt (1.3)."""
    roots = lot.case.given.roots or _tops(found)
    faults = [fault for entry in found for fault in _paper_faults(lot, entry, roots)]
    hidden = sum(entry.bidder is None for entry in found)
    ends = "" if lot.case.given.roots else "（未给定根证书，各链止于自身）"
    ends_en = "" if lot.case.given.roots else "; no roots given: each chain ends in itself"
    yield from one(
        "papers",
        faults,
        Words(
            f"{len(found) - hidden} 份签名、证书和信封有效，{hidden} 份的证书依规不公开{ends}",
            f"{len(found) - hidden} bids: signature, certificate and envelopes right; {hidden} whose certificate is never public{ends_en}",
        ),
    )


def _tops(found: list[Listed]) -> tuple[bytes, ...]:
    """Without roots, who certifies bidders stays open: what is signed by whom is checked all the same."""
    return tuple(sorted({entry.bidder.cert_chain[-1] for entry in found if entry.bidder is not None}))


def _paper_faults(lot: LotCase, entry: Listed, roots: tuple[bytes, ...]) -> Iterator[Words]:
    manifest = entry.manifest
    known = {terms.sha256: terms.keyset for terms in lot.all_terms}
    keyset = known.get(manifest.keyset_sha256)
    if keyset is None or manifest.lot != lot.code:
        yield _about(entry, "属于其他标段或未知的密钥集", "is for another lot or an unknown keyset")
        return
    if entry.bidder is not None:
        whole = submission.Papers(manifest, entry.manifest_raw, entry.sig, entry.bidder)
        at = moments.instant(moments.seconds(entry.receipt.fact.received_at))
        for fault in submission.check_papers(whole, keyset, manifest.keyset_sha256, roots, at):
            yield _about(entry, fault.zh, fault.en)
    else:
        for envelope in manifest.envelopes:
            for fault in submission.envelope_faults(manifest, envelope, keyset.stage(envelope.stage)):
                yield _about(entry, fault.zh, fault.en)


def statuses(lot: LotCase, found: list[Listed]) -> Section[None]:
    """Who is called void was sealed with an older keyset; who is called replaced was replaced by the same key; nobody holds two live bids; no envelope appears twice."""
    yield from one(
        "statuses",
        [*_voided(lot, found), *_replaced(lot, found), *_repeats(found)],
        Words(
            "替换均由原投标密钥或其继任者签名，无重复信封，每家至多一份有效投标",
            "replacements bear the key they replace or its successor's, no envelope appears twice, nobody has two live bids",
        ),
    )


def _voided(lot: LotCase, found: list[Listed]) -> Iterator[Words]:
    """Only changed terms make a bid void: a live one was sealed with the keyset in force, a void one with an older.

    What voids it is a later version of the keyset that counts: signed by both and cosigned before the deadline.
    """
    current = "" if lot.view.terms is None else lot.view.terms.sha256
    versions = {terms.sha256: terms.keyset.version for terms in lot.all_terms}
    for entry in found:
        stale = entry.manifest.keyset_sha256 != current
        if entry.status is Status.LIVE and (stale or entry.by is not None):
            yield _about(
                entry, "密封所用的密钥集已失效，却列为有效", "was sealed with old terms and yet is called live"
            )
        own = versions.get(entry.manifest.keyset_sha256, 0)
        if entry.status is Status.VOID and versions.get(entry.by or "", 0) <= own:
            yield _about(entry, "条款未变却被称为无效", "is called void, though its terms still stand")


def _replaced(lot: LotCase, found: list[Listed]) -> Iterator[Words]:
    known = {entry.sha256: entry for entry in found}
    ended = {entry.manifest.prev_manifest_sha256 for entry in found}
    for entry in found:
        if entry.status is Status.LIVE and entry.sha256 in ended:
            yield _about(entry, "已被替换却列为有效", "was replaced and yet is called live")
        if entry.status is not Status.REPLACED:
            continue
        successor = known.get(entry.by or "")
        if successor is None or successor.manifest.prev_manifest_sha256 != entry.sha256:
            yield _about(entry, "被称为已替换，但没有替换它的投标", "is called replaced, but no bid replaces it")
        elif successor.bidder is not None:
            yield from _ended_rightly(lot, entry, successor.bidder)


def _ended_rightly(lot: LotCase, entry: Listed, bidder: certificates.Bidder) -> Iterator[Words]:
    """The key that signed the bid replaced it, or one that this key named or the supervising authority ordered."""
    warrant = entry.entry.warrant
    if warrant is None:
        if not _by_same_key(entry, bidder):
            yield _about(entry, "替换它的投标不是同一密钥签名", "is called replaced by a bid of another key")
        return
    said = succession.read(warrant.statement)
    if isinstance(said, succession.Naming) and not _signed_the_bid(entry, said.old_key):
        yield _about(entry, "指定继任者的不是封标的密钥", "has a successor named by a key that did not sign it")
    old = said.old_key if isinstance(said, succession.Naming) else ""
    known = {terms.sha256: terms.keyset.fact_keys.supervisor for terms in lot.all_terms}
    head = succession.Head(lot.code, entry.sha256, old)
    for fault in succession.faults(warrant, head, known.get(entry.manifest.keyset_sha256, "")):
        yield _about(entry, fault.zh, fault.en)
    if canonical.sha(bidder.cert_chain[0]) != warrant.cert_sha256:
        yield _about(entry, "继任文件指定的是别的证书", "is replaced by another certificate than its warrant names")


def _signed_the_bid(entry: Listed, spelled: str) -> bool:
    return keys.verified(entry.sig, entry.manifest_raw, keys.parse(spelled))


def _by_same_key(entry: Listed, bidder: certificates.Bidder) -> bool:
    return keys.verified(entry.sig, entry.manifest_raw, certificates.public_key_of(bidder))


def _repeats(found: list[Listed]) -> Iterator[Words]:
    seen = Counter(mark for entry in found for mark in submission.marks(entry.manifest))
    live = [entry for entry in found if entry.status is Status.LIVE and entry.bidder is not None]
    holders = Counter(_holder(entry) for entry in live)
    for entry in found:
        if any(seen[mark] > 1 for mark in submission.marks(entry.manifest)):
            yield _about(entry, "与另一份投标的信封相同", "shares an envelope with another bid")
    for entry in live:
        if holders[_holder(entry)] > 1:
            yield _about(entry, "同一单位有两份有效投标", "is one of two live bids of one organization")


def _holder(entry: Listed) -> tuple[str, str]:
    """By 统一社会信用代码; by name where an outside CA gives only that."""
    assert entry.bidder is not None
    subject = certificates.subject_of_der(entry.bidder.cert_chain[0])
    return subject.uscc, "" if subject.uscc else subject.org


def _about(entry: Listed, zh: str, en: str) -> Words:
    return Words(f"投标 {short(entry.sha256)} {zh}", f"bid {short(entry.sha256)} {en}")
