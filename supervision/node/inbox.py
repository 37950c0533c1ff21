"""The node's inbox: numbered messages fetched by long poll, stored as they came, taken up in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kernel import canonical
from sealing import age
from supervision.node.card import NodeKeys
from supervision.node.clock import ClockError
from supervision.node.state import State, StateError
from supervision.node.transport import Transport, UnreachableError
from supervision.node.trustee import Later

WAITING, DONE, REFUSED = "waiting", "done", "refused"
MAX_TRIES = 20_000
BATCH = 50

Handler = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True)
class Inbox:
    """`address` is the platform's inbox server; the cursor is what is stored."""

    state: State
    keys: NodeKeys
    transport: Transport
    address: str
    node: str

    def fetch(self, wait: int) -> bool:
        """Store the next message if there is one within `wait` seconds; UnreachableError while nobody answers."""
        number = self.last() + 1
        raw = self.transport.get(f"{self.address.rstrip('/')}/inbox/{self.node}/{number}?wait={wait}", wait)
        if raw is None:
            return False
        self.state.change(
            "INSERT INTO mail (n, raw, state) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", number, raw, WAITING
        )
        return True

    def last(self) -> int:
        found = self.state.row("SELECT max(n) FROM mail")
        return 0 if found is None or found[0] is None else int(found[0])

    def work(self, handlers: Mapping[str, Handler]) -> int:
        """Take up what waits, oldest first; how many were settled. A message that must wait holds up no other."""
        sql = "SELECT n, raw, tries FROM mail WHERE state = ? ORDER BY n LIMIT ?"
        return sum(self._settle(row, handlers) for row in self.state.rows(sql, WAITING, BATCH))

    def _settle(self, row: tuple[Any, ...], handlers: Mapping[str, Handler]) -> bool:
        number, raw, tries = row
        try:
            content = canonical.decode(age.decrypt_bytes(raw, self.keys.inbox))
            handlers[content["kind"]](content["body"])
        except (Later, ClockError, UnreachableError) as reason:
            self._end(number, WAITING if tries < MAX_TRIES else REFUSED, str(reason))
            return False
        except (ValueError, TypeError, KeyError, StateError) as error:
            self._end(number, REFUSED, f"{type(error).__name__}: {error}")
            return True
        self._end(number, DONE, None)
        return True

    def _end(self, number: int, state: str, why: str | None) -> None:
        """What is settled needs its bytes no more; what waits keeps them."""
        if state == WAITING:
            self.state.change("UPDATE mail SET tries = tries + 1, why = ? WHERE n = ?", why, number)
        else:
            self.state.change("UPDATE mail SET state = ?, why = ?, raw = x'' WHERE n = ?", state, why, number)
