"""Whole notes kept as evidence: every checkpoint the log's key signed, and every cosignature of it that was verified."""

from __future__ import annotations

from dataclasses import dataclass

from supervision.checkpoint import Checkpoint
from supervision.node.state import State
from supervision.note import Note, Signature, Verified, open_note
from supervision.policy import Policy
from supervision.witnessed import Cosigned, Witnessed

ABOVE, EXACTLY = "size > ? ORDER BY size LIMIT 16", "size = ?"


@dataclass
class Notes:
    """A store of cosignatures (`Cosignatures`); `version` grows whenever what it would say may have changed."""

    state: State
    policy: Policy
    version: int = 0

    def keep(self, note: Note) -> Checkpoint:
        """Store the note with its verified lines only; NoteError unless our log signed it and each trusted line holds."""
        checkpoint, lines = self.policy.opened(note)
        with self.state.transaction():
            log_lines = tuple(line.signature for line in lines if line.time is None)
            row = (checkpoint.size, checkpoint.root, Note(note.text, log_lines).encode())
            self.state.change("INSERT INTO note VALUES (?, ?, ?, 0) ON CONFLICT DO NOTHING", *row)
            for line in lines:
                self.keep_line(checkpoint, line)
        return checkpoint

    def keep_line(self, checkpoint: Checkpoint, line: Verified) -> None:
        """Store a cosignature; every time counts, since a later one does not take back an earlier one."""
        witness = self.policy.witness_of(line.verifier)
        if witness is not None:
            row = (checkpoint.size, checkpoint.root, witness.name, line.time, line.signature.line)
            sql = "INSERT INTO cosignature VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
            self.version += self.state.change(sql, *row)

    def latest(self, size: int, root: bytes) -> Note | None:
        """The note of that tree head, with each cosigner's last line."""
        return self._with_lines(size, root, "SELECT name, line, max(time)", 0)

    def first_since(self, size: int, start: int) -> Note | None:
        """The note of that size that agrees with the mirror, with each cosigner's first line at or after `start`."""
        found = self.state.row("SELECT root FROM note WHERE size = ? AND compared = 1", size)
        return None if found is None else self._with_lines(size, found[0], "SELECT name, line, min(time)", start)

    def _with_lines(self, size: int, root: bytes, select: str, start: int) -> Note | None:
        found = self.state.row("SELECT raw FROM note WHERE size = ? AND root = ?", size, root)
        if found is None:
            return None
        note = Note.parse(found[0])
        sql = f"{select} FROM cosignature WHERE size = ? AND root = ? AND time >= ? GROUP BY name ORDER BY name"
        lines = tuple(Signature.parse(row[1]) for row in self.state.rows(sql, size, root, start))
        return Note(note.text, note.signatures + lines)

    def uncompared(self, size: int) -> list[tuple[Checkpoint, Note]]:
        """Notes up to `size` that were not yet held against the mirror."""
        sql = "SELECT raw FROM note WHERE compared = 0 AND size <= ? ORDER BY size"
        found = [Note.parse(row[0]) for row in self.state.rows(sql, size)]
        return [(Checkpoint.parse(note.text), note) for note in found]

    def mark_compared(self, checkpoint: Checkpoint) -> None:
        sql = "UPDATE note SET compared = 1 WHERE size = ? AND root = ?"
        self.version += self.state.change(sql, checkpoint.size, checkpoint.root)

    def since(self, index: int) -> int | None:
        """When a quorum had cosigned trees that hold entry `index`; looks no further than it must."""
        known: list[Witnessed] = []
        while heads := self._heads(ABOVE, known[-1].size if known else index):
            known += heads
            found = Cosigned(self.policy, (*known,)).since(index)
            if found is not None:
                return found
        return None

    def cut(self, size: int, start: int, end: int) -> Witnessed | None:
        """The tree head of exactly `size` that a quorum cosigned at times in [start, end]."""
        return Cosigned(self.policy, (*self._heads(EXACTLY, size),)).cut(size, start, end)

    def _heads(self, which: str, value: int) -> list[Witnessed]:
        """Tree heads that agree with the mirror, each with all its verified lines."""
        sql = f"SELECT size, root FROM note WHERE compared = 1 AND {which}"  # noqa: S608  two fixed texts
        return [Witnessed(row[0], row[1], self._times(*row)) for row in self.state.rows(sql, value)]

    def _times(self, size: int, root: bytes) -> tuple[tuple[str, int], ...]:
        sql = "SELECT name, time FROM cosignature WHERE size = ? AND root = ? ORDER BY time, name"
        return tuple((row[0], row[1]) for row in self.state.rows(sql, size, root))


def signed_by_log(note: Note, policy: Policy) -> bool:
    """Whether the policy's log of that origin signed the text; NoteError if any trusted key's line is bad."""
    origin = note.text.partition("\n")[0]
    found = open_note(note, policy.verifiers)
    logs = {log.verifier for log in policy.logs if log.origin == origin}
    return any(line.verifier in logs for line in found)
