"""Monitoring points S26 and S27: replies to objections and acts on complaints that are due or late.

The owner and the supervising authority alike: a node tells on whoever is late, its own owner included.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from kernel.clock import rfc3339
from supervision.node.alerts import Alerts, Finding
from supervision.node.clock import NodeClock
from supervision.node.mirror import Mirror
from supervision.parts import Color
from supervision.waits import KINDS, Wait, waits

POINT: dict[Color, str] = {"yellow": "due", "red": "late"}


@dataclass
class Waiting:
    mirror: Mirror
    alerts: Alerts
    clock: NodeClock
    _read: tuple[int, list[Wait]] = (-1, [])
    _raised: set[str] | None = None
    """None before the first round: what a run before this one raised may be over by now."""

    def step(self) -> None:
        """Raise what is due or late now, and end what no longer is."""
        now = int(self.clock.read().timestamp())
        found = [_finding(wait, wait.color(now)) for wait in self._waits() if wait.color(now) in POINT]
        due = {finding.id: finding for finding in found}
        before = (
            {_finding(wait, color).id for wait in self._waits() for color in POINT}
            if self._raised is None
            else self._raised
        )
        for identifier in before - due.keys():
            self.alerts.settle(identifier)
        for identifier in due.keys() - (self._raised or set()):
            self.alerts.add(due[identifier])
        self._raised = set(due)

    def _waits(self) -> list[Wait]:
        """Read anew only when the log has grown."""
        size = self.mirror.head().size
        if self._read[0] != size:
            self._read = (size, waits(self.mirror.facts_of_kinds(KINDS)) if size else [])
        return self._read[1]


def _finding(wait: Wait, color: Color) -> Finding:
    due_at = rfc3339(dt.datetime.fromtimestamp(wait.due_at, dt.UTC))
    evidence = {"lot": wait.lot, "index": wait.index, "due_at": due_at}
    return Finding(f"{wait.what}.{POINT[color]}", color, "timeliness", evidence, wait.lot)
