"""Hold orders: signed, numbered, with an end; the latest number of a signer counts (log-and-nodes.md, section 3)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any, Self

from kernel import canonical
from kernel.clock import parse_rfc3339
from kernel.statements import Signed
from sealing import wire
from supervision.deadline import signed_by
from supervision.node.card import NodeKeys
from supervision.node.state import State
from supervision.node.transport import Transport, UnreachableError
from supervision.policy import Policy

TYPE = "kaibiao-hold/1"
MAX_NUMBER = 1_000_000


class HoldError(ValueError):
    """Not a hold order of anybody who may give one."""


@dataclass(frozen=True)
class Hold:
    """Nothing of `lot` is released until `until`; an order that ends at its own `at` lifts the ones before."""

    lot: str
    number: int
    at: str
    until: str
    reason: str

    def content(self) -> dict[str, Any]:
        said = {"lot": self.lot, "number": self.number, "at": self.at, "until": self.until}
        return {"type": TYPE, **said, "reason": self.reason}

    @classmethod
    def read(cls, signed: Signed) -> Self:
        """WireError on any other form."""
        fields = wire.parse(signed.raw, TYPE, ("lot", "number", "at", "until", "reason"))
        return cls(
            fields.text("lot", wire.LOT),
            fields.integer("number", 1, MAX_NUMBER),
            fields.instant("at"),
            fields.instant("until"),
            fields.text("reason", wire.REASON),
        )

    def in_force(self, now: dt.datetime) -> bool:
        return now < parse_rfc3339(self.until)


@dataclass
class Holds:
    """Orders of this node's owner and of the supervising authority, whoever brought them."""

    state: State
    policy: Policy
    keys: NodeKeys
    transport: Transport
    _answered: dict[str, dt.datetime] = field(default_factory=dict)

    def take(self, signed: Signed) -> Hold:
        """Keep an order of a node of the policy; HoldError for one that none of them signed."""
        hold = _read(signed)
        for witness in self.policy.witnesses.values():
            if signed_by(signed, witness.sign_key):
                sql = "INSERT INTO hold VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
                self.state.change(sql, hold.lot, witness.sign_key, hold.number, signed.raw, signed.sig)
                return hold
        raise HoldError("no node of the policy signed this order")

    def order(self, hold: Hold) -> Signed:
        """Sign an order of this node's owner and keep it."""
        signed = Signed.make(hold.content(), self.keys.witness.private)
        self.take(signed)
        return signed

    def listed(self, lot: str) -> list[Signed]:
        rows = self.state.rows("SELECT file, sig FROM hold WHERE lot = ? ORDER BY signer, number", lot)
        return [Signed(row[0], row[1]) for row in rows]

    def latest(self, lot: str, signer: str) -> Hold | None:
        sql = "SELECT file, sig FROM hold WHERE lot = ? AND signer = ? ORDER BY number DESC LIMIT 1"
        found = self.state.row(sql, lot, signer)
        return None if found is None else Hold.read(Signed(found[0], found[1]))

    def in_force(self, lot: str, supervisor: str, now: dt.datetime) -> bool:
        """Whether the supervising authority, or this node's own owner, holds the lot."""
        found = (self.latest(lot, signer) for signer in (supervisor, self.keys.sign_key))
        return any(hold is not None and hold.in_force(now) for hold in found)

    def ask(self, lot: str, supervisor: str) -> bool:
        """Fetch the supervising authority's orders from its own node; False if that did not answer."""
        if supervisor == self.keys.sign_key:
            return True
        authority = next((found for found in self.policy.witnesses.values() if found.sign_key == supervisor), None)
        if authority is None or authority.url is None:
            return False
        try:
            raw = self.transport.get(f"{authority.url.rstrip('/')}/holds/{lot}.json")
            for value in canonical.decode(raw or b"[]"):
                self.take(Signed.from_json(value))
        except (UnreachableError, ValueError, TypeError):
            return False
        return True


def _read(signed: Signed) -> Hold:
    try:
        return Hold.read(signed)
    except wire.WireError as error:
        raise HoldError(str(error)) from error
