"""State machines as tables: who may move what from where, on which event, by which law."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from kernel.errors import Conflict, Forbidden

State = TypeVar("State", bound=StrEnum)


@dataclass(frozen=True)
class Move(Generic[State]):
    """One row: in state `was`, `event` fired by one of `by` leads to `now`; `law` lists the clauses."""

    was: State
    event: str
    now: State
    by: frozenset[str]
    law: tuple[str, ...] = ()


class Machine(Generic[State]):
    """A closed table of moves; what is not in it cannot happen."""

    def __init__(self, moves: Iterable[Move[State]]) -> None:
        self.moves = tuple(moves)
        self._table = {(move.was, move.event): move for move in self.moves}
        if len(self._table) != len(self.moves):
            raise ValueError("two moves start from one state on one event")

    def move(self, state: State, event: str, role: str) -> Move[State]:
        """The row for `event` in `state`; Conflict if there is none, Forbidden if `role` may not fire it."""
        found = self._table.get((state, event))
        if found is None:
            raise Conflict(
                "state.wrong",
                f"当前状态({state})不能进行此操作({event})",
                f"{event} is not possible in state {state}",
                rule="rules.md 5.3",
                state=str(state),
                event=event,
            )
        if role not in found.by:
            raise Forbidden(
                "role.wrong",
                "您的角色不能进行此操作",
                f"{role} may not fire {event}",
                rule="; ".join(found.law) or None,
                role=role,
                event=event,
            )
        return found

    def moves_from(self, state: State) -> tuple[Move[State], ...]:
        return tuple(move for move in self.moves if move.was == state)
