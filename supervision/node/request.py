"""The body of `POST /add-checkpoint`, read strictly (c2sp.org/tlog-witness)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from kernel import keys, merkle
from supervision.checkpoint import decimal, hash_of_line
from supervision.note import Note, NoteError

MAX_PROOF = 63
MAX_BODY = 128 * 1024


class MalformedError(ValueError):
    """The body is not what the interface says."""


@dataclass(frozen=True)
class TreeHead:
    """A checkpoint's three lines, before anybody asked whether such a tree can be."""

    origin: str
    size: int
    root: bytes

    @classmethod
    def of(cls, text: str) -> Self:
        lines = text.split("\n")
        if len(lines) != 4 or lines[3]:
            raise MalformedError("a checkpoint has three lines")
        return cls(lines[0], decimal(lines[1]), hash_of_line(lines[2]))

    @property
    def possible(self) -> bool:
        """The empty tree has one root."""
        return self.size > 0 or self.root == merkle.EMPTY_ROOT


@dataclass(frozen=True)
class AddCheckpoint:
    old: int
    proof: tuple[bytes, ...]
    note: Note
    head: TreeHead

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """MalformedError unless it is `old <N>`, at most 63 hashes, a blank line and a note, with old <= size."""
        try:
            first, proof, note = _parts(raw)
            head = TreeHead.of(note.text)
            request = cls(decimal(first), proof, note, head)
        except (NoteError, UnicodeDecodeError) as error:
            raise MalformedError(str(error)) from error
        if request.old > head.size:
            raise MalformedError("old is larger than the checkpoint")
        return request

    def encode(self) -> bytes:
        lines = [f"old {self.old}", *map(keys.b64, self.proof), "", ""]
        return "\n".join(lines).encode() + self.note.encode()


def _parts(raw: bytes) -> tuple[str, tuple[bytes, ...], Note]:
    if len(raw) > MAX_BODY:
        raise MalformedError("the body is too long")
    head, blank, note = raw.partition(b"\n\n")
    lines = head.decode("ascii", "strict").split("\n")
    if not blank or not lines[0].startswith("old ") or len(lines) > MAX_PROOF + 1:
        raise MalformedError("the body is `old <N>`, up to 63 hashes, a blank line and a note")
    return lines[0].removeprefix("old "), tuple(map(hash_of_line, lines[1:])), Note.parse(note)
