"""What the worker and the answers' table call: the log's step, and the answers of nodes that concern the log.

The slices above hand in what the log must not know: who is collecting, and how a message reaches a node.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from kernel.site import site
from supervision import checkpoints
from supervision.note import Kind
from supervision.note_key import NoteKey
from supervision.policy import pinned
from supervision.schedule import Schedule
from supervision.sequencer import Announce, Collecting, Plan, Sequencer, node_ahead


def plan_of_site() -> Plan:
    """The sequencer's parts as this installation has them; PolicyError if key and policy do not belong together."""
    here = site()
    policy = pinned(here.settings.policy.read_bytes())
    return Plan(
        key=NoteKey(here.settings.origin, Kind.ED25519, here.key("log")),
        policy=policy,
        folder=here.public / "log",
        guard=here.folder("guard"),
        schedule=Schedule(here.settings.cover_slot_s, here.settings.cover_entries),
    )


def log_step(collecting: Collecting, announce: Announce) -> Callable[[dt.datetime], bool]:
    """The worker's step for the log, to be called many times a second."""
    built: list[Sequencer] = []

    def step_log(now: dt.datetime) -> bool:
        if not built:
            built.append(Sequencer(plan_of_site(), collecting, announce))
        return built[0].step(now)

    return step_log


def take_cosignature(node: str, body: dict[str, Any], now: dt.datetime) -> bool:
    """Answer `cosignature` {size, line} of a node, in the caller's transaction; the next step publishes the line."""
    size, line = body.get("size"), body.get("line")
    if not isinstance(size, int) or not isinstance(line, str):
        return False
    return checkpoints.take(plan_of_site().policy, node, size, line.removesuffix("\n"), now)


def take_log_ahead(node: str, body: dict[str, Any], now: dt.datetime) -> bool:  # noqa: ARG001  one form for all answers
    """Answer `log.ahead` {size, note}: a node holds a checkpoint of ours that we may have lost; whether the log halts."""
    note = body.get("note")
    return isinstance(note, str) and node_ahead(plan_of_site(), node, note.encode())
