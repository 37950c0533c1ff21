"""Checkpoints (c2sp.org/tlog-checkpoint): three lines, origin, size and base64 root, and nothing after them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from kernel import keys, merkle
from supervision.note import Note, NoteError, Signature, is_key_name

MAX_SIZE = 2**63 - 1
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")


class CheckpointError(NoteError):
    """The text is not a checkpoint of this house: extension lines, leading zeros, a root that is not 32 bytes."""


@dataclass(frozen=True)
class Checkpoint:
    """A log's tree head: who, how many entries, which root."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        if not is_key_name(self.origin) or not 0 <= self.size <= MAX_SIZE:
            raise CheckpointError("not a checkpoint")
        if len(self.root) != merkle.HASH_SIZE or (self.size == 0 and self.root != merkle.EMPTY_ROOT):
            raise CheckpointError("the root is not a tree's of that size")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read exactly three lines; CheckpointError on anything else."""
        lines = text.split("\n")
        if len(lines) != 4 or lines[3]:
            raise CheckpointError("a checkpoint has three lines")
        return cls(lines[0], decimal(lines[1]), hash_of_line(lines[2]))

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{keys.b64(self.root)}\n"


def decimal(text: str) -> int:
    """A size or index: ASCII digits, no sign, no leading zero, below 2^63; CheckpointError otherwise."""
    if not _DECIMAL.fullmatch(text) or int(text) > MAX_SIZE:
        raise CheckpointError(f"not a decimal below 2^63: {text[:30]!r}")
    return int(text)


def hash_of_line(text: str) -> bytes:
    """A base64 line holding 32 bytes; CheckpointError otherwise."""
    try:
        return merkle.checked(keys.unb64(text))
    except ValueError as error:
        raise CheckpointError("not the base64 of a hash") from error


def merge(note: Note, signatures: Iterable[Signature]) -> Note:
    """The note with one line for each key, a later line of the same key in the place of the earlier."""
    lines = {(line.name, line.key_id): line for line in (*note.signatures, *signatures)}
    return Note(note.text, tuple(lines.values()))
