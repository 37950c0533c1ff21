"""Policy files (c2sp.org/tlog-policy): whose checkpoints and cosignatures count, pinned by hash at genesis.

Origins and keys of a practice log begin with `practice/`, and no other policy takes them.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Self

from kernel import canonical, keys
from supervision.checkpoint import Checkpoint
from supervision.note import Note, NoteError, Verified, Verifier, open_note
from supervision.policy_file import Group, Log, PolicyError, Witness, read

PRACTICE = "practice/"


@functools.lru_cache(maxsize=8)
def pinned(raw: bytes) -> Policy:
    """The policy of these bytes, read once: an installation pins one for good."""
    return Policy.parse(raw)


@dataclass(frozen=True)
class Policy:
    """A parsed policy file; `raw` are its exact bytes."""

    raw: bytes
    logs: tuple[Log, ...]
    witnesses: Mapping[str, Witness]
    groups: Mapping[str, Group]
    quorum: str
    platform: keys.PublicKey | None = None

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read a policy strictly; PolicyError on unknown lines, undefined or repeated names, repeated keys."""
        said = read(raw)
        policy = cls(raw, tuple(said.logs.values()), said.witnesses, said.groups, said.named, said.platform)
        _check_practice(policy)
        return policy

    @property
    def sha256(self) -> str:
        return canonical.sha(self.raw)

    @property
    def practice(self) -> bool:
        return any(log.origin.startswith(PRACTICE) for log in self.logs)

    @property
    def log(self) -> Log:
        """The only log; PolicyError if there are several or none."""
        if len(self.logs) != 1:
            raise PolicyError("the policy does not name one log")
        return self.logs[0]

    @property
    def verifiers(self) -> list[Verifier]:
        return [log.verifier for log in self.logs] + [found.verifier for found in self.witnesses.values()]

    def witness_of(self, verifier: Verifier) -> Witness | None:
        return next((found for found in self.witnesses.values() if found.verifier == verifier), None)

    def opened(self, note: Note) -> tuple[Checkpoint, list[Verified]]:
        """The checkpoint and its verified lines; NoteError unless the log of that origin signed it."""
        lines = open_note(note, self.verifiers)
        checkpoint = Checkpoint.parse(note.text)
        logs = {log.verifier for log in self.logs if log.origin == checkpoint.origin}
        if not any(line.verifier in logs for line in lines):
            raise NoteError("the checkpoint is not signed by its log")
        return checkpoint, list(lines)

    def quorum_of(self, note: Note) -> list[tuple[str, int]]:
        """Who cosigned and when (Unix seconds), in the note's order; NoteError as `opened`."""
        found = [(self.witness_of(line.verifier), line.time) for line in self.opened(note)[1]]
        return [(witness.name, time) for witness, time in found if witness is not None and time is not None]

    def satisfied(self, note: Note) -> bool:
        """Whether log and quorum signed the note."""
        try:
            return self.is_quorum({name for name, _ in self.quorum_of(note)})
        except NoteError:
            return False

    def satisfied_within(self, note: Note, start: int, end: int) -> bool:
        """Whether a quorum cosigned at times in [start, end] (a cut, a deadline moved in time)."""
        try:
            return self.is_quorum({name for name, time in self.quorum_of(note) if start <= time <= end})
        except NoteError:
            return False

    def is_quorum(self, names: Collection[str]) -> bool:
        """Whether these witnesses together satisfy the quorum rule."""
        return self.quorum == "none" or self._carried(self.quorum, names)

    def _carried(self, name: str, names: Collection[str]) -> bool:
        group = self.groups.get(name)
        if group is None:
            return name in names
        return sum(self._carried(member, names) for member in group.members) >= group.threshold


def refuse_practice(policy: Policy, practice: Policy) -> None:
    """PolicyError if a policy for earnest holds a key or inbox that the practice policy used, under any name."""
    if policy.practice:
        return
    played = {verifier.public for verifier in practice.verifiers}
    inboxes = {witness.inbox for witness in practice.witnesses.values()} - {None}
    if any(verifier.public in played for verifier in policy.verifiers):
        raise PolicyError("a practice key signs nothing in earnest")
    if any(witness.inbox in inboxes for witness in policy.witnesses.values()):
        raise PolicyError("a practice inbox receives nothing in earnest")


def _check_practice(policy: Policy) -> None:
    """A key shows by its name that it is for practice, so that no other policy takes it by mistake."""
    names = [verifier.name.startswith(PRACTICE) for verifier in policy.verifiers]
    if policy.practice != all(names) or policy.practice != any(names):
        raise PolicyError("practice keys and keys for earnest stand in different policies")
