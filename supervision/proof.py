"""Proof files (c2sp.org/tlog-proof): the bidder's lasting receipt that an entry stands in the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from kernel import keys, merkle
from supervision.checkpoint import Checkpoint, decimal, hash_of_line
from supervision.note import Note, NoteError
from supervision.policy import Policy

FIRST_LINE = "c2sp.org/tlog-proof@v1"
MAX_HASHES = 63


class ProofError(ValueError):
    """The proof is malformed or does not show what it should."""


@dataclass(frozen=True)
class TlogProof:
    """Index, inclusion hashes (leaf's sibling first) and a cosigned checkpoint."""

    index: int
    hashes: tuple[bytes, ...]
    note: Note
    extra: bytes | None = None

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read a proof file strictly; ProofError on anything else."""
        try:
            head, _, note = raw.partition(b"\n\n")
            lines = head.decode("ascii", "strict").split("\n")
            index, extra, hashes = _head(lines)
            return cls(index, hashes, Note.parse(note), extra)
        except ValueError as error:
            raise ProofError(f"not a proof file: {error}") from error

    def encode(self) -> bytes:
        extra = [] if self.extra is None else [f"extra {keys.b64(self.extra)}"]
        lines = [FIRST_LINE, *extra, f"index {self.index}", *map(keys.b64, self.hashes)]
        return "\n".join(lines).encode() + b"\n\n" + self.note.encode()

    def verify(self, entry: bytes, policy: Policy) -> Checkpoint:
        """The checkpoint under which `entry` is shown; ProofError without log, quorum or inclusion."""
        try:
            checkpoint, _ = policy.opened(self.note)
        except NoteError as error:
            raise ProofError(str(error)) from error
        if not policy.satisfied(self.note):
            raise ProofError("no quorum cosigned the checkpoint")
        leaf = merkle.leaf_hash(entry)
        if not merkle.verify_inclusion(leaf, self.index, checkpoint.size, self.hashes, checkpoint.root):
            raise ProofError("the entry is not in the tree at that index")
        return checkpoint


def _head(lines: list[str]) -> tuple[int, bytes | None, tuple[bytes, ...]]:
    if lines.pop(0) != FIRST_LINE or not lines:
        raise ProofError("the first line is another")
    extra = keys.unb64(lines.pop(0).removeprefix("extra ")) if lines[0].startswith("extra ") else None
    if not lines or not lines[0].startswith("index "):
        raise ProofError("the index line is missing")
    if len(lines) > MAX_HASHES + 1:
        raise ProofError(f"more than {MAX_HASHES} hashes")
    return decimal(lines[0].removeprefix("index ")), extra, tuple(map(hash_of_line, lines[1:]))
