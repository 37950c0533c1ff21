"""A bidder's own receipts: whoever holds one sees whether the roll shows the bid, whatever the portal disclosed."""

from __future__ import annotations

from collections.abc import Iterator

from kernel import canonical
from kernel.errors import Words
from kernel.statements import Signed
from sealing.receipts import Receipt, WithdrawnFact
from sealing.roll import Status
from verifier.case import LotCase, short
from verifier.claims import Section, not_due, one
from verifier.listed import Listed


def receipts(lot: LotCase, found: list[Listed]) -> Section[None]:
    """Each receipt of this lot that the stranger brought along stands for a bid of the roll."""
    for raw in lot.case.given.receipts:
        signed = Signed.from_json(canonical.decode(raw)["receipt"])
        receipt = Receipt.read(signed)
        digest = receipt.fact.manifest_sha256
        if receipt.fact.lot != lot.code:
            continue
        if not found:
            yield not_due("receipt", "名册尚未公布，请在开标后再核对", "the roll is not public yet: come back then")
            continue
        entry = next((entry for entry in found if entry.sha256 == digest), None)
        status = "" if entry is None else entry.status.value
        good = Words(
            f"您的投标 {short(digest)} 在名册上：{status}", f"your bid {short(digest)} is on the roll: {status}"
        )
        yield from one("receipt", _faults(lot, signed, receipt, entry), good)


def _faults(lot: LotCase, signed: Signed, receipt: Receipt, entry: Listed | None) -> Iterator[Words]:
    digest, key = short(receipt.fact.manifest_sha256), lot.book.policy.platform
    if key is None or not signed.signed_by(key):
        yield Words("您的回执不是平台签发的", "your receipt is not signed by the platform")
    elif entry is None:
        at = receipt.fact.received_at
        yield Words(
            f"平台于 {at} 收到您的投标 {digest} 并签发回执，却不在名册上",
            f"the platform signed for your bid {digest} at {at}, and left it off the roll",
        )
    elif isinstance(receipt.fact, WithdrawnFact) and entry.status is Status.LIVE:
        yield Words(f"您已撤回 {digest}，名册却列为有效", f"you withdrew {digest}, and yet the roll calls it live")
