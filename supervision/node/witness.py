"""Cosigning: the checks of tlog-witness in their order, the whole mirror behind them, and one path for both doors.

Checkpoints come by the inbox (`offer`) or by `POST /add-checkpoint`; either way the node fetches and hashes every entry,
moves its head by compare-and-swap and queues the line in one transaction, and only then lets the line out.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from kernel import merkle
from kernel.clock import monotonic
from supervision import facts, forks, tiles
from supervision.checkpoint import Checkpoint
from supervision.node.alerts import Alerts, Finding
from supervision.node.card import NodeKeys
from supervision.node.clock import ClockError, NodeClock
from supervision.node.mirror import EMPTY, ForeignError, Head, Mirror, UnservedError
from supervision.node.notes import Notes, signed_by_log
from supervision.node.outgoing import Outgoing
from supervision.node.peers import Peers
from supervision.node.request import AddCheckpoint, MalformedError
from supervision.node.state import State
from supervision.note import Note, NoteError
from supervision.policy import Policy

TEXT = "text/plain; charset=utf-8"
SIZE = "text/x.tlog.size"
HALTED = "halted"
FIRST = "first_checkpoint"
PATIENCE_S = 20
"""How long entries may be missing (a slow network) before that is an alert; wrong ones are one at once."""


@dataclass(frozen=True)
class Reply:
    status: int
    body: bytes = b""
    content_type: str = TEXT


FORK = Reply(409)
"""Without a size: this node has seen two trees under the log's key and signs nothing any more."""


@dataclass
class Floor:
    """What this node must have signed before its state was lost: nothing smaller or earlier is signed again."""

    size: int = 0
    time: int = 0
    asked: bool = False


@dataclass
class Witness:
    state: State
    policy: Policy
    keys: NodeKeys
    clock: NodeClock
    mirror: Mirror
    notes: Notes
    alerts: Alerts
    outgoing: Outgoing
    peers: Peers
    floor: Floor = field(default_factory=Floor)
    _turn: threading.RLock = field(default_factory=threading.RLock)
    signed_at: float = field(default_factory=monotonic)
    _missing_since: float | None = None

    def add_checkpoint(self, raw: bytes) -> Reply:
        """Answer a checkpoint handed in by anybody; the order of the refusals is the interface's."""
        try:
            request = AddCheckpoint.parse(raw)
        except MalformedError as error:
            return Reply(400, f"{error}\n".encode())
        if request.head.origin != self.policy.log.origin:
            return Reply(404, b"unknown origin\n")
        if not self._signed(request.note):
            return Reply(403, b"no trusted signature\n")
        with self._turn:
            return FORK if self.halted else self._judged(request)

    def offer(self, note: Note) -> Reply:
        """Take a checkpoint from the inbox, a peer or the log: kept, compared, and cosigned if it is not behind."""
        checkpoint = Checkpoint.parse(note.text)
        with self._turn:
            if self.halted:
                return FORK
            self.notice(note)
            head = self.mirror.head()
            if self.halted:
                return FORK
            if checkpoint.size < head.size:
                self._tell_ahead(head)
                return self._behind(head)
            return self._cosigned(note, checkpoint, head)

    def notice(self, note: Note) -> None:
        """Keep a note that our log signed and hold it against the mirror; NoteError if it is not our log's."""
        with self._turn:
            self.notes.keep(note)
            self.compare()

    def compare(self) -> None:
        """Hold every kept note that the mirror covers against it; a root that differs is a fork."""
        head = self.mirror.head()
        own = self.notes.latest(head.size, head.root)
        if own is not None:
            for checkpoint in self._agreeing(own, head.size):
                self.notes.mark_compared(checkpoint)

    def _agreeing(self, reference: Note, size: int) -> list[Checkpoint]:
        """The uncompared tree heads that lie on the tree under `reference`; one that does not halts the node."""
        found = []
        for checkpoint, note in self.notes.uncompared(size):
            if note.text == reference.text or self.mirror.root_of(checkpoint.size) == checkpoint.root:
                found.append(checkpoint)
            elif not self.halted:
                self._halt(self._fork_below(note, reference, checkpoint.size == size))
        return found

    def ask_peers(self) -> None:
        """Before the first signature after a start: learn what we, or others, have signed already."""
        for note in self.peers.latest():
            self.notice(note)
            checkpoint, lines = self.policy.opened(note)
            own = [line.time or 0 for line in lines if line.verifier == self.keys.witness.verifier]
            self.floor.size = max(self.floor.size, checkpoint.size)
            self.floor.time = max([self.floor.time, *own])
        self.floor.asked = True

    @property
    def halted(self) -> bool:
        return self.state.setting(HALTED) is not None

    def _signed(self, note: Note) -> bool:
        try:
            return signed_by_log(note, self.policy)
        except NoteError:
            return False

    def _judged(self, request: AddCheckpoint) -> Reply:
        head = self.mirror.head()
        if request.head.possible:
            self.notice(request.note)
        if request.old != head.size:
            return FORK if self.halted else self._behind(head)
        new = request.head
        if not (new.possible and merkle.verify_consistency(head.size, head.root, new.size, new.root, request.proof)):
            return Reply(422, b"the proof does not hold\n")
        return self._cosigned(request.note, Checkpoint.parse(request.note.text), head)

    def _tell_ahead(self, head: Head) -> None:
        """The log offers less than we have signed: it was set back, or mail came late. It knows which."""
        own = self.notes.latest(head.size, head.root)
        if own is not None:
            body = {"size": head.size, "note": own.encode().decode()}
            self.outgoing.put(f"log.ahead/{head.size}", "log.ahead", body)

    def _behind(self, head: Head) -> Reply:
        return Reply(409, f"{head.size}\n".encode(), SIZE)

    def _cosigned(self, note: Note, checkpoint: Checkpoint, head: Head) -> Reply:
        """Mirror, decide, persist, and only then answer; 503 when entries, peers' memory or the clock stand against it."""
        try:
            if not self.floor.asked:
                self.ask_peers()
            if self.halted or checkpoint.size < self.floor.size:
                return FORK if self.halted else Reply(503, b"this node has seen a larger tree\n")
            frontier = self._frontier(checkpoint, head)
            self._agreeing(note, checkpoint.size)
            now = self.clock.now()
        except UnservedError as error:
            self._not_served(note, checkpoint, error)
            return FORK if self.halted else Reply(503, f"{error}\n".encode())
        except ClockError as error:
            return Reply(503, f"{error}\n".encode())
        if self.halted:
            return FORK
        return self._persisted(note, head, frontier, max(int(now.timestamp()), head.time, self.floor.time))

    def _frontier(self, checkpoint: Checkpoint, head: Head) -> merkle.Frontier:
        if checkpoint.size == head.size:
            return merkle.Frontier.of(head.size, head.frontier)
        frontier = self.mirror.fetch(checkpoint)
        if head.size == 0:
            self._check_genesis()
        return frontier

    def _persisted(self, note: Note, head: Head, frontier: merkle.Frontier, time: int) -> Reply:
        """One commit moves the head and queues the line.

        A crash before it leaves no trace, one after it only the line to send; the same checkpoint offered again is
        a heartbeat.
        """
        signature = self.keys.witness.cosign(note.text, time)
        verified = self.keys.witness.verifier.verify(note.text, signature)
        checkpoint = Checkpoint.parse(note.text)
        with self.state.transaction():
            if not self.mirror.advance(head, frontier, time):
                return self._behind(self.mirror.head())
            if head == EMPTY:
                self.state.pin(FIRST, note.text)
            self.notes.keep(note)
            self.notes.keep_line(checkpoint, verified)
            body = {"size": checkpoint.size, "line": signature.line}
            self.outgoing.put(f"cosignature/{checkpoint.size}/{time}", "cosignature", body)
        self.compare()
        self._missing_since, self.signed_at = None, monotonic()
        for point in ("log.unserved", "log.silent"):
            self.alerts.end(point)
        return Reply(200, f"{signature.line}\n".encode())

    def _check_genesis(self) -> None:
        """The log's genesis names the policy that this node was given; otherwise two worlds are mixed."""
        match self.mirror.genesis():
            case facts.Genesis(origin=origin, policy_sha256=sha) if (origin, sha) == self._pinned:
                return
            case _:
                raise UnservedError("the log does not begin with the genesis of the pinned policy")

    @property
    def _pinned(self) -> tuple[str, str]:
        return self.policy.log.origin, self.policy.sha256

    def _not_served(self, note: Note, checkpoint: Checkpoint, error: UnservedError) -> None:
        if self._missing_since is None:
            self._missing_since = monotonic()
        if isinstance(error, ForeignError):
            self._look_for_fork(note, checkpoint)
        waited = monotonic() - self._missing_since
        missing = isinstance(error.__cause__, tiles.TileError)
        if not self.halted and (not missing or waited > PATIENCE_S):
            evidence = {"note": note.encode().decode(), "why": str(error)}
            self.alerts.add(Finding("log.unserved", "yellow", "process", evidence))
        self.mirror.discard(self.mirror.head().size)

    def _look_for_fork(self, note: Note, checkpoint: Checkpoint) -> None:
        """Fetch the whole of what the log serves now: if it is the tree under `note`, we hold both trees in hand."""
        head = self.mirror.head()
        own = self.notes.latest(head.size, head.root)
        leaves = self._served_leaves(checkpoint.size)
        if own is None or merkle.root_of_hashes(leaves) != checkpoint.root:
            return
        if merkle.root_of_hashes(leaves[: head.size]) != head.root:
            self._halt(forks.bundle(own, note, leaves))

    def _served_leaves(self, size: int) -> list[bytes]:
        try:
            return [merkle.leaf_hash(raw) for raw in tiles.TileTree(self.mirror.reader, size).entries()]
        except tiles.TileError:
            return []

    def _fork_below(self, note: Note, reference: Note, same: bool) -> dict[str, object]:  # noqa: FBT001  a fact
        """`note` is not on the tree under `reference`, whose leaves are at hand."""
        if same:
            return forks.same_size(reference, note)
        return forks.bundle(note, reference, self.mirror.leaves(Checkpoint.parse(reference.text).size))

    def _halt(self, evidence: dict[str, object]) -> None:
        """Sign nothing any more, and say why; only the owner, having looked, sets up a new state."""
        finding = Finding("log.fork", "red", "process", evidence)
        with self.state.transaction():
            self.alerts.add(finding)
            self.state.set(HALTED, finding.id)
