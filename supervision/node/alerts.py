"""Alerts: what the node noticed, in green, yellow or red, with a bundle that a third party can check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kernel import canonical, clock
from supervision.node.clock import NodeClock
from supervision.node.outgoing import Outgoing
from supervision.node.state import State
from supervision.parts import Category, Color


@dataclass(frozen=True)
class Finding:
    """One thing noticed. `evidence` is canonical JSON and says all that is needed to see it again."""

    point: str
    color: Color
    category: Category
    evidence: dict[str, Any]
    lot: str | None = None

    @property
    def id(self) -> str:
        return canonical.sha(canonical.encode([self.point, self.lot, self.evidence]))[:32]

    @property
    def evidence_sha256(self) -> str:
        return canonical.sha(canonical.encode(self.evidence))


@dataclass(frozen=True)
class Alerts:
    state: State
    outgoing: Outgoing
    clock: NodeClock

    def add(self, finding: Finding) -> None:
        """Keep and report it, once."""
        row = (finding.id, finding.color, finding.category, finding.point, finding.lot)
        at, evidence = clock.rfc3339(self.clock.read()), canonical.encode(finding.evidence).decode()
        with self.state.transaction():
            sql = "INSERT INTO alert VALUES (?, ?, ?, ?, ?, ?, ?, NULL) ON CONFLICT DO NOTHING"
            if self.state.change(sql, *row, at, evidence):
                self.outgoing.put(f"alert/{finding.id}", "alert", _report(finding))

    def end(self, point: str) -> None:
        """What was noticed is over; that it was stays on record."""
        at = clock.rfc3339(self.clock.read())
        self.state.change("UPDATE alert SET ended_at = ? WHERE code = ? AND ended_at IS NULL", at, point)

    def settle(self, identifier: str) -> None:
        """One alert is over; that it was stays on record."""
        at = clock.rfc3339(self.clock.read())
        self.state.change("UPDATE alert SET ended_at = ? WHERE id = ? AND ended_at IS NULL", at, identifier)

    def is_open(self, point: str) -> bool:
        return self.state.row("SELECT 1 FROM alert WHERE code = ? AND ended_at IS NULL", point) is not None

    def listed(self) -> list[dict[str, Any]]:
        """For the node's page: latest first, without the evidence itself."""
        sql = "SELECT id, color, category, code, lot, at, ended_at FROM alert ORDER BY at DESC, id LIMIT 200"
        names = ("id", "color", "category", "point", "lot", "at", "ended_at")
        return [dict(zip(names, row, strict=True)) for row in self.state.rows(sql)]

    def evidence(self, identifier: str) -> str | None:
        found = self.state.row("SELECT evidence FROM alert WHERE id = ?", identifier)
        return None if found is None else str(found[0])


def _report(finding: Finding) -> dict[str, Any]:
    words = {"point": finding.point, "color": finding.color, "category": finding.category}
    return {**words, "lot": finding.lot, "id": finding.id, "evidence_sha256": finding.evidence_sha256}
