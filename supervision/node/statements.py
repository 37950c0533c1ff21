"""Signed statements the node keeps: its own, its promises, and what bidders and owners hand in."""

from __future__ import annotations

from dataclasses import dataclass

from kernel import canonical
from kernel.statements import Signed
from supervision.node.state import State

RECEIPT, PRESENTED = "receipt", "presented"


@dataclass(frozen=True)
class Statements:
    state: State

    def keep(self, lot: str, what: tuple[str, int], statement: Signed) -> None:
        """Store this node's own word of a kind and number, once, in the caller's transaction."""
        sql = "INSERT INTO statement VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
        self.state.change(sql, lot, *what, statement.raw, statement.sig)

    def own(self, lot: str, kind: str, number: int) -> Signed | None:
        sql = "SELECT file, sig FROM statement WHERE lot = ? AND kind = ? AND number = ?"
        found = self.state.row(sql, lot, kind, number)
        return None if found is None else Signed(found[0], found[1])

    def all_own(self, lot: str) -> list[tuple[str, int, Signed]]:
        """Its own; a peer's release, kept beside them, is not among them."""
        sql = "SELECT kind, number, file, sig FROM statement WHERE lot = ? AND kind NOT LIKE 'held/%' ORDER BY kind, number"
        return [(row[0], row[1], Signed(row[2], row[3])) for row in self.state.rows(sql, lot)]

    def promise(self, lot: str, digest: str, what: str) -> Signed:
        """What was kept about this manifest; KeyError if nothing was."""
        sql = "SELECT raw FROM promise WHERE lot = ? AND manifest_sha256 = ? AND what = ?"
        found = self.state.row(sql, lot, digest, what)
        if found is None:
            raise KeyError(digest)
        return Signed.from_json(canonical.decode(found[0]))

    def hand_in(self, lot: str, digest: str, what: str, statement: Signed) -> None:
        """Keep what somebody brought about a manifest; the first of its kind stays."""
        raw = canonical.encode(statement.to_json())
        self.state.change("INSERT INTO promise VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", lot, digest, what, raw)

    def receipts(self, lot: str) -> list[Signed]:
        """The platform's receipts handed in for the lot, of bids and of withdrawals."""
        sql = "SELECT raw FROM promise WHERE lot = ? AND what LIKE ? ORDER BY manifest_sha256, what"
        return [Signed.from_json(canonical.decode(row[0])) for row in self.state.rows(sql, lot, f"{RECEIPT}%")]

    def presented(self, lot: str, *, own: bool = False) -> list[tuple[str, Signed]]:
        """Bids shown in time to this node, and unless only its own are asked for, to its peers."""
        sql = "SELECT manifest_sha256, raw FROM promise WHERE lot = ? AND what LIKE ? ORDER BY manifest_sha256, what"
        rows = self.state.rows(sql, lot, PRESENTED if own else f"{PRESENTED}%")
        return [(row[0], Signed.from_json(canonical.decode(row[1]))) for row in rows]
