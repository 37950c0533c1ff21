"""The node's answers to the portal: queued with the decision they report, signed, posted until taken.

An answer's `key` makes it one: deciding the same thing again after a crash queues nothing new, and posting it twice
is for the portal to ignore.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kernel import canonical, clock, keys
from supervision.node.card import NodeKeys
from supervision.node.clock import NodeClock
from supervision.node.state import State
from supervision.node.transport import Transport, UnreachableError

TYPE = "kaibiao-answer/1"
JSON = "application/json"
FIRST_WAIT_MS, LONGEST_WAIT_MS = 200, 30_000
GIVEN_UP, WAITING, SENT = 2, 0, 1
MAX_REFUSALS = 30


@dataclass(frozen=True)
class Outgoing:
    """`node` is the name the policy gives this node."""

    state: State
    keys: NodeKeys
    clock: NodeClock
    node: str

    def put(self, key: str, kind: str, body: dict[str, Any]) -> None:
        """Queue an answer in the caller's transaction; one that has this `key` already stands."""
        time = clock.rfc3339(self.clock.read())
        raw = canonical.encode({"type": TYPE, "node": self.node, "kind": kind, "body": body, "time": time})
        self.state.change("INSERT INTO answer (key, kind, raw) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", key, kind, raw)

    def signed(self, raw: bytes) -> bytes:
        """The wire form of a queued answer: its content without the type, and the signature over all of it."""
        content = canonical.decode(raw)
        sig = keys.b64(keys.sign(raw, self.keys.witness.private))
        return canonical.encode({name: content[name] for name in ("kind", "body", "time")} | {"sig": sig})

    def flush(self, transport: Transport, address: str) -> int:
        """Post everything that is due, oldest first; how many were taken."""
        taken = 0
        for number, raw, tries in self._due():
            status = _post(transport, address, self.signed(raw))
            if 200 <= status < 300:
                taken += 1
                self.state.change("UPDATE answer SET sent = ? WHERE id = ?", SENT, number)
            else:
                self._put_off(number, tries, status)
        self.state.change("DELETE FROM answer WHERE kind = 'cosignature' AND sent <> ?", WAITING)
        return taken

    def hurry(self) -> None:
        """Forget how long to wait: called at start, when the portal may be back."""
        self.state.change("UPDATE answer SET next_at = 0 WHERE sent = ?", WAITING)

    def waiting(self) -> int:
        found = self.state.row("SELECT count(*) FROM answer WHERE sent = ?", WAITING)
        return int(found[0]) if found else 0

    def _due(self) -> list[tuple[int, bytes, int]]:
        sql = "SELECT id, raw, tries FROM answer WHERE sent = ? AND next_at <= ? ORDER BY id LIMIT 100"
        return [(row[0], row[1], row[2]) for row in self.state.rows(sql, WAITING, _milliseconds())]

    def _put_off(self, number: int, tries: int, status: int) -> None:
        """Wait twice as long as before. A portal that understood and refused (4xx) is asked a limited number of times."""
        final = 400 <= status < 500 and status not in (408, 425, 429) and tries >= MAX_REFUSALS
        wait = min(LONGEST_WAIT_MS, FIRST_WAIT_MS << min(tries, 10))
        sql = "UPDATE answer SET tries = tries + 1, next_at = ?, sent = ? WHERE id = ?"
        self.state.change(sql, _milliseconds() + wait, GIVEN_UP if final else WAITING, number)


def _post(transport: Transport, address: str, body: bytes) -> int:
    try:
        return transport.post(address, body, JSON)
    except UnreachableError:
        return 0


def _milliseconds() -> int:
    return int(clock.wall().timestamp() * 1000)
