"""What the others see: the latest checkpoints of the other nodes and the one the log publishes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from kernel import clock
from supervision.checkpoint import Checkpoint
from supervision.node.transport import Transport, UnreachableError
from supervision.note import Note, NoteError
from supervision.policy import Policy
from supervision.policy_file import Witness

CHECKPOINT, COSIGNED = "checkpoint", "checkpoint.cosigned"


@dataclass(frozen=True)
class Sight:
    """What a peer showed when it was last reached (`at`: RFC 3339)."""

    size: int
    at: str


@dataclass
class Peers:
    """The other nodes of the policy and the log at `log`, asked over `transport`."""

    policy: Policy
    me: str
    transport: Transport
    log: str
    sights: dict[str, Sight] = field(default_factory=dict)

    @property
    def others(self) -> list[Witness]:
        return [witness for witness in self.policy.witnesses.values() if witness.name != self.me]

    def latest(self) -> list[Note]:
        """Every note that a reachable peer or the log shows now and that our log signed."""
        found = [note for witness in self.others if (note := self._of(witness)) is not None]
        published = [self._fetched(f"{self.log.rstrip('/')}/{name}") for name in (CHECKPOINT, COSIGNED)]
        return found + [note for note in published if note is not None]

    def of_size(self, size: int, start: int) -> list[Note]:
        """What the peers keep of the checkpoint of exactly `size`, first lines since `start`: together its quorum."""
        query = f"size={size}&from={start}"
        found = [self._fetched(f"{checkpoint_url(self.policy, peer)}?{query}") for peer in self.others if peer.url]
        return [note for note in found if note is not None]

    def _of(self, witness: Witness) -> Note | None:
        if witness.url is None:
            return None
        note = self._fetched(checkpoint_url(self.policy, witness))
        if note is not None:
            size = Checkpoint.parse(note.text).size
            self.sights[witness.name] = Sight(size, clock.rfc3339(clock.wall()))
        return note

    def _fetched(self, url: str) -> Note | None:
        try:
            raw = self.transport.get(url)
            note = None if raw is None else Note.parse(raw)
            if note is not None:
                self.policy.opened(note)
        except (UnreachableError, NoteError):
            return None
        return note


def origin_hash(origin: str) -> str:
    return hashlib.sha256(origin.encode()).hexdigest()


def checkpoint_url(policy: Policy, witness: Witness) -> str:
    """Where a node serves its latest view of the log."""
    return f"{(witness.url or '').rstrip('/')}/{origin_hash(policy.log.origin)}/checkpoint"
