"""What people bring to a node's own address: receipts, hold orders, bids that the platform would not take.

Nothing that matters passes through the portal alone (log-and-nodes.md, section 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kernel import canonical, keys
from kernel.clock import rfc3339
from kernel.statements import Signed
from sealing import age, receipts, submission, wire
from sealing.certificates import public_key_of
from sealing.receipts import Presented, Receipt
from sealing.submission import Papers
from supervision.node.holds import TYPE as HOLD
from supervision.node.holds import HoldError
from supervision.node.node import Node
from supervision.node.statements import PRESENTED, RECEIPT


class RefusedError(ValueError):
    """It cannot be taken; the words say why."""


@dataclass(frozen=True)
class Counter:
    node: Node

    def receipt(self, raw: bytes) -> dict[str, Any]:
        """Keep a platform-signed receipt, of a bid or a withdrawal: at the close the roll must show it."""
        signed = read_signed(raw)
        try:
            receipt = Receipt.read(signed)
        except wire.WireError as error:
            raise RefusedError(str(error)) from error
        platform = self.node.policy.platform
        if platform is None or not signed.signed_by(platform):
            raise RefusedError("the platform did not sign this receipt")
        fact = receipt.fact
        self._known(fact.lot)
        what = f"{RECEIPT}/{fact.content()['kind']}"
        with self.node.state.transaction():
            self.node.statements.hand_in(fact.lot, fact.manifest_sha256, what, signed)
        return {"kept": signed.sha256}

    def statement(self, raw: bytes) -> dict[str, Any]:
        """A signed statement of any kind this node keeps: its `type` says which."""
        signed = read_signed(raw)
        kind = canonical.decode(signed.raw).get("type")
        if kind == receipts.RECEIPT_TYPE:
            return self.receipt(raw)
        if kind == HOLD:
            return self.hold(raw)
        raise RefusedError(f"this node keeps no statements of type {kind!r}")

    def hold(self, raw: bytes) -> dict[str, Any]:
        """A hold order of any node of the policy."""
        signed = read_signed(raw)
        try:
            hold = self.node.holds.take(signed)
        except HoldError as error:
            raise RefusedError(str(error)) from error
        return {"kept": signed.sha256, "lot": hold.lot, "number": hold.number}

    def present(self, raw: bytes) -> dict[str, Any]:
        """A bid shown before the deadline, encrypted to this node: evidence that it was, signed with our time."""
        papers = self._papers(raw)
        lot, digest = papers.manifest.lot, canonical.sha(papers.manifest_raw)
        view, now = self.node.lots.view(lot), self.node.clock.now()
        if view.terms is None or view.deadline is None:
            raise RefusedError("this node does not know the lot")
        if now.timestamp() >= view.deadline.closes_at and not view.deadline.suspended:
            raise RefusedError("the deadline has passed on this node's clock")
        if not keys.verified(papers.sig, papers.manifest_raw, public_key_of(papers.bidder)):
            raise RefusedError("the signature over the manifest is not valid")
        statement = Signed.make(Presented(lot, digest, rfc3339(now)).content(), self.node.keys.witness.private)
        with self.node.state.transaction():
            self.node.statements.hand_in(lot, digest, PRESENTED, statement)
            body = {"lot": lot, "presented": statement.to_json(), **_forwarded(papers)}
            self.node.outgoing.put(f"presented/{lot}/{digest}", "presented", body)
        return self.node.statements.promise(lot, digest, PRESENTED).to_json()

    def _papers(self, raw: bytes) -> Papers:
        try:
            value = canonical.decode(age.decrypt_bytes(raw, self.node.keys.inbox))
            parts = [keys.unb64(value[name]) for name in ("manifest", "sig", "bidder")]
            return submission.read_papers(*parts)
        except (ValueError, KeyError, TypeError) as error:
            raise RefusedError(f"not a bid's papers encrypted to this node: {error}") from error

    def _known(self, lot: str) -> None:
        if lot not in self.node.lots.codes():
            raise RefusedError("this node does not know the lot")


def read_signed(raw: bytes) -> Signed:
    try:
        signed = Signed.from_json(canonical.decode(raw))
        if not isinstance(canonical.decode(signed.raw), dict):
            raise RefusedError("a statement is a JSON object")
    except (ValueError, TypeError, RecursionError) as error:
        raise RefusedError(f"not a signed statement: {error}") from error
    return signed


def _forwarded(papers: Papers) -> dict[str, str]:
    named = {"manifest": papers.manifest_raw, "sig": papers.sig, "bidder": papers.bidder.encode()}
    return {name: keys.b64(value) for name, value in named.items()}
