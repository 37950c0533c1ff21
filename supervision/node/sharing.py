"""What nodes give each other, so that nothing that matters passes through the portal alone (log-and-nodes.md, section 3).

A release goes to every peer that can be reached; the peer serves it and hands it on to the portal. What people bring to a
node from outside (receipts, holds, bids presented) its peers fetch, each under its own key, padded: nobody counts it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kernel import canonical, keys
from kernel.statements import Signed
from sealing import age, wire
from sealing.keyset import Audience
from sealing.receipts import Presented
from sealing.release import MAX_ROUNDS
from supervision.node.counter import Counter, RefusedError
from supervision.node.node import Node
from supervision.node.outgoing import JSON
from supervision.node.statements import PRESENTED
from supervision.node.transport import UnreachableError
from supervision.policy_file import Witness

BLOCK = 64 * 1024
_RELEASE = ("lot", "stage", "number", "i", "file", "sig")


@dataclass(frozen=True)
class Sharing:
    node: Node

    def push(self) -> int:
        """Give every release that was given to each peer that has not got it; how many were taken."""
        taken = 0
        for lot in self.node.lots.codes():
            for body in self._given(lot):
                target = f"{lot}/{body['stage']}/{body['number']}"
                taken += sum(self._give(peer, target, body) for peer in self.node.peers.others if peer.url)
        return taken

    def take(self, raw: bytes) -> dict[str, Any]:
        """A peer's release: only what that peer promised in the log, and only once t promises stand there."""
        fields = _fields(raw)
        lot, stage, number = fields.text("lot", wire.LOT), fields.text("stage"), fields.integer("number", 1, MAX_ROUNDS)
        i, signed = fields.integer("i", 1, 9), Signed(fields.base64("file"), fields.base64("sig", wire.SIGNATURE_SIZE))
        view = self.node.lots.view(lot)
        promised = view.hashes.get((stage, number), {})
        if i not in promised or promised[i].sha256 != signed.sha256:
            raise RefusedError("no trustee promised this file in the log")
        if len(promised) < view.stage(stage).t:
            raise RefusedError("fewer than t release hashes stand in the log")
        if not signed.signed_by(keys.parse(view.stage(stage).trustee(i).sign_key)):
            raise RefusedError("the trustee did not sign this release")
        with self.node.state.transaction():
            self.node.statements.keep(lot, (held(stage, i), number), signed)
            body = self._relayed(lot, (stage, number), i, signed)
            self.node.outgoing.put(f"relay/{lot}/{stage}/{number}/{i}", "release.relayed", body)
        return {"kept": signed.sha256}

    def bag(self, name: str) -> bytes | None:
        """What came from outside for the lots that are not over, encrypted to this peer and padded."""
        peer = self.node.policy.witnesses.get(name)
        if peer is None or peer.inbox is None:
            return None
        raw = canonical.encode([item for lot in self.node.lots.codes() for item in self._outside(lot)])
        return age.encrypt_bytes(raw.ljust(-(-len(raw) // BLOCK) * BLOCK), peer.inbox)

    def pull(self) -> int:
        """Fetch the peers' bags; how many things were taken. What is not of its form is left where it is."""
        return sum(self._pull(peer) for peer in self.node.peers.others if peer.url)

    def _pull(self, peer: Witness) -> int:
        try:
            raw = self.node.transport.get(f"{_base(peer)}/bag/{self.node.name}")
            items = canonical.decode(age.decrypt_bytes(raw, self.node.keys.inbox).rstrip(b" ")) if raw else []
        except (UnreachableError, ValueError):
            return 0
        return sum(self._taken(peer, item) for item in items) if isinstance(items, list) else 0

    def _taken(self, peer: Witness, item: Any) -> bool:
        try:
            signed, kind = Signed.from_json(item["signed"]), item["kind"]
            if kind == PRESENTED:
                self._presented(peer, signed)
            else:
                Counter(self.node).statement(canonical.encode(signed.to_json()))
        except (RefusedError, ValueError, KeyError, TypeError):
            return False
        return True

    def _presented(self, peer: Witness, signed: Signed) -> None:
        """A peer's word that a bid was shown to it in time: at the close this node misses it, too."""
        said = Presented.read(signed)
        if signed.signed_by(keys.parse(peer.sign_key)):
            self.node.statements.hand_in(said.lot, said.manifest_sha256, f"{PRESENTED}/{peer.name}", signed)

    def _outside(self, lot: str) -> Iterator[dict[str, Any]]:
        if self.node.state.setting(f"over/{lot}") is not None:
            return
        yield from ({"kind": "receipt", "signed": signed.to_json()} for signed in self.node.statements.receipts(lot))
        yield from ({"kind": "hold", "signed": signed.to_json()} for signed in self.node.holds.listed(lot))
        for _, signed in self.node.statements.presented(lot, own=True):
            yield {"kind": PRESENTED, "signed": signed.to_json()}

    def _given(self, lot: str) -> Iterator[dict[str, Any]]:
        for kind, number, signed in self.node.statements.all_own(lot):
            what, _, stage = kind.partition("/")
            if what == "release" and self.node.state.setting(f"given/{lot}/{stage}/{number}") is not None:
                i = self.node.trustee.i
                yield {"lot": lot, "stage": stage, "number": number, "i": i, **signed.to_json()}

    def _give(self, peer: Witness, target: str, body: dict[str, Any]) -> bool:
        setting = f"pushed/{peer.name}/{target}"
        if self.node.state.setting(setting) is not None:
            return False
        try:
            status = self.node.transport.post(f"{_base(peer)}/releases", canonical.encode(body), JSON)
        except UnreachableError:
            return False
        if status == 200:
            self.node.state.set(setting, "1")
        return status == 200

    def _relayed(self, lot: str, target: tuple[str, int], i: int, signed: Signed) -> dict[str, Any]:
        """As the trustee itself would post it, with the trustee's name."""
        (stage, number), found = target, self.node.lots.view(lot).stage(target[0])
        key = found.trustee(i).sign_key
        of = next(peer.name for peer in self.node.policy.witnesses.values() if peer.sign_key == key)
        if found.audience is Audience.PUBLIC:
            return {"of": of, **signed.to_json()}
        return {"of": of, "lot": lot, "stage": stage, "number": number, "age": keys.b64(signed.raw)}


def held(stage: str, i: int) -> str:
    """The kind under which a peer's release is kept."""
    return f"held/{stage}/{i}"


def _fields(raw: bytes) -> wire.Fields:
    try:
        return wire.Fields.of(canonical.decode(raw), _RELEASE, "release")
    except ValueError as error:
        raise RefusedError(f"not a release: {error}") from error


def _base(peer: Witness) -> str:
    return (peer.url or "").rstrip("/")
