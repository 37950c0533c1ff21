"""What somebody owes an answer to, and until when: replies to objections, complaints to be taken and decided (S26, S27). Pure.

Whoever raised it is nowhere in these facts. A node, the portal and the verifier read the same waits from the same log.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from kernel.clock import parse_rfc3339
from kernel.law import holds
from supervision import facts
from supervision.parts import Color
from supervision.vocabulary import Fact

KINDS = (
    "objection.raised", "objection.answered", "objection.withdrawn", "complaint.made", "complaint.step", "state.changed",
)  # fmt: skip
"""The facts that begin or end a wait."""
ENDS = frozenset({"failed", "cancelled", "voided", "retendered", "closed"})
REPLY, COMPLAINT = "reply", "complaint"

Key = tuple[str, str, int]
"""A lot, what is waited for, and its number; everything of the lot where what and number are empty."""


@dataclass(frozen=True)
class Wait:
    """Begun by the fact at `index`; `over` once it was answered, or asked of nobody any more. Unix seconds."""

    index: int
    lot: str
    what: str
    warn_at: int
    due_at: int
    over: bool = False

    def color(self, now: int) -> Color:
        """Green when it is over or in time, yellow with little time left, red when it is late."""
        if self.over or now < self.warn_at:
            return "green"
        return "red" if now >= self.due_at else "yellow"


@holds("C14", "C50", "C61.accept", "C61.decide", "G41", "G43", "G45", "G46")
def waits(log: Iterable[tuple[int, Fact]]) -> list[Wait]:
    """Every wait of these facts in the log's order, those that are over included."""
    found: list[Wait] = []
    running: dict[Key, int] = {}
    for index, fact in log:
        ended, begun = _read(index, fact)
        for key in [key for key in running if key == ended or (*key[:1], "", 0) == ended]:
            place = running.pop(key)
            found[place] = replace(found[place], over=True)
        if begun is not None:
            running[ended] = len(found)
            found.append(begun)
    return found


def _read(index: int, fact: Fact) -> tuple[Key, Wait | None]:
    """Which waits the fact ends, and the one that begins with it."""
    match fact:
        case facts.ObjectionRaised(lot=lot, number=number, warn_at=warn_at, due_at=due_at):
            return (lot, REPLY, number), _wait(index, lot, REPLY, (warn_at, due_at))
        case facts.ObjectionAnswered() | facts.ObjectionWithdrawn():
            return (fact.lot, REPLY, fact.number), None
        case facts.ComplaintMade() | facts.ComplaintStep():
            wait = _wait(index, fact.lot, COMPLAINT, (fact.warn_at, fact.due_at))
            return (fact.lot, COMPLAINT, fact.number), wait
        case facts.StateChanged(lot=lot, now=state) if state in ENDS:
            return (lot, "", 0), None
        case _:
            return ("", "", 0), None


def _wait(index: int, lot: str, what: str, moments: tuple[str | None, str | None]) -> Wait | None:
    """None where the step sets no time."""
    warn_at, due_at = moments
    if warn_at is None or due_at is None:
        return None
    return Wait(index, lot, what, _unix(warn_at), _unix(due_at))


def _unix(text: str) -> int:
    return int(parse_rfc3339(text).timestamp())
