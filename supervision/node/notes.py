"""Whole notes kept as evidence: every checkpoint the log's key signed, and every cosignature of it that was verified."""

from __future__ import annotations

from dataclasses import dataclass

from supervision.checkpoint import Checkpoint
from supervision.node.state import State
from supervision.note import Note, Signature, Verified, open_note
from supervision.policy import Policy
from supervision.witnessed import Witnessed


@dataclass(frozen=True)
class Notes:
    state: State
    policy: Policy

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
            self.state.change("INSERT INTO cosignature VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", *row)

    def latest(self, size: int, root: bytes) -> Note | None:
        """The note of that tree head, with each cosigner's last line."""
        return self._with_lines(size, root, "SELECT name, line, max(time)", 0)

    def since(self, size: int, start: int) -> Note | None:
        """The note of that size that agrees with the mirror, with each cosigner's first line at or after `start`."""
        found = self.state.row("SELECT root FROM note WHERE size = ? AND compared = 1", size)
        return (
            None if found is None else self._with_lines(size, found[0], "SELECT name, line, min(time)", start)
        )

    def _with_lines(self, size: int, root: bytes, select: str, start: int) -> Note | None:
        found = self.state.row("SELECT raw FROM note WHERE size = ? AND root = ?", size, root)
        if found is None:
            return None
        note = Note.parse(found[0])
        sql = (
            f"{select} FROM cosignature WHERE size = ? AND root = ? AND time >= ? GROUP BY name ORDER BY name"
        )
        lines = tuple(Signature.parse(row[1]) for row in self.state.rows(sql, size, root, start))
        return Note(note.text, note.signatures + lines)

    def uncompared(self, size: int) -> list[tuple[Checkpoint, Note]]:
        """Notes up to `size` that were not yet held against the mirror."""
        sql = "SELECT raw FROM note WHERE compared = 0 AND size <= ? ORDER BY size"
        found = [Note.parse(row[0]) for row in self.state.rows(sql, size)]
        return [(Checkpoint.parse(note.text), note) for note in found]

    def mark_compared(self, checkpoint: Checkpoint) -> None:
        sql = "UPDATE note SET compared = 1 WHERE size = ? AND root = ?"
        self.state.change(sql, checkpoint.size, checkpoint.root)

    def count(self) -> int:
        """How many cosignatures are kept: they are only ever added."""
        found = self.state.row(
            "SELECT count(*) FROM cosignature c JOIN note n USING (size, root) WHERE n.compared = 1"
        )
        return int(found[0]) if found else 0

    def witnessed(self, above: int) -> list[Witnessed]:
        """The tree heads of more than `above` entries that agree with the mirror, smallest first."""
        sql = (
            "SELECT n.size, n.root, c.name, c.time FROM note n JOIN cosignature c ON c.size = n.size AND c.root = n.root"
            " WHERE n.compared = 1 AND n.size > ? ORDER BY n.size, c.time"
        )
        found: dict[tuple[int, bytes], list[tuple[str, int]]] = {}
        for size, root, name, time in self.state.rows(sql, above):
            found.setdefault((size, root), []).append((name, time))
        return [Witnessed(size, root, tuple(times)) for (size, root), times in found.items()]


def signed_by_log(note: Note, policy: Policy) -> bool:
    """Whether the policy's log of that origin signed the text; NoteError if any trusted key's line is bad."""
    origin = note.text.partition("\n")[0]
    found = open_note(note, policy.verifiers)
    logs = {log.verifier for log in policy.logs if log.origin == origin}
    return any(line.verifier in logs for line in found)
