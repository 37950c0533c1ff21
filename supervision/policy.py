"""Policy files (c2sp.org/tlog-policy): whose checkpoints and cosignatures count, pinned by hash at genesis.

Our own lines are comments to other readers: `# kaibiao inbox <name> <age recipient>`, `# kaibiao org <name>
<organization>`, `# kaibiao sign <name> ed25519:<base64>` (the witness key again, for statements), `# kaibiao url
<name> <url>`, `# kaibiao platform ed25519:<base64>` (the platform's key under receipts). Origins and keys of a practice log begin with `practice/`, and no other policy takes them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Self

from kernel import canonical, keys
from supervision.checkpoint import Checkpoint
from supervision.note import Kind, Note, NoteError, Verified, Verifier, open_note

PRACTICE = "practice/"
MAX_LINES = 1000

_CONTROL = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")
_RECIPIENT = re.compile(r"age1[02-9ac-hj-np-z]{58}")
_THRESHOLD = re.compile(r"[1-9][0-9]{0,3}")


class PolicyError(ValueError):
    """The policy file is malformed, or mixes practice with earnest."""


@dataclass(frozen=True)
class Witness:
    """A node as the policy names it; `inbox` is the age recipient of manifests, `url` where it is reached."""

    name: str
    verifier: Verifier
    url: str | None = None
    org: str | None = None
    inbox: str | None = None

    @property
    def sign_key(self) -> str:
        """The wire form of the key under its statements: the cosigner's own Ed25519 key."""
        return keys.spell(self.verifier.key)


@dataclass(frozen=True)
class Group:
    """Cosigned when at least `threshold` of its members are."""

    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class Log:
    """A log whose checkpoints the policy accepts."""

    verifier: Verifier
    url: str | None = None

    @property
    def origin(self) -> str:
        return self.verifier.name


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
        reading = _Reading({}, {}, {})
        for line in _lines(raw):
            reading.take(line)
        if reading.quorum is None:
            raise PolicyError("a policy has one quorum line")
        logs = tuple(reading.logs.values())
        policy = cls(raw, logs, reading.witnesses, reading.groups, reading.quorum, reading.platform)
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


@dataclass
class _Reading:
    logs: dict[bytes, Log]
    witnesses: dict[str, Witness]
    groups: dict[str, Group]
    quorum: str | None = None
    platform: keys.PublicKey | None = None

    def take(self, line: str) -> None:
        match _items(line):
            case ["#", "kaibiao", what, name, *rest]:
                self._extra(what, name, rest)
            case [first, *rest] if not first.startswith("#"):
                self._line(first, rest)
            case _:  # a comment or a blank line
                return

    def _line(self, first: str, rest: list[str]) -> None:
        match first, rest:
            case "log", [vkey, *url] if len(url) <= 1:
                self._log(Log(_verifier(vkey, Kind.ED25519), *url))
            case "witness", [name, vkey, *url] if len(url) <= 1:
                self._witness(Witness(name, _verifier(vkey, Kind.COSIGNATURE), *url))
            case "group", [name, threshold, *members]:
                self._group(name, threshold, members)
            case "quorum", [name]:
                self._quorum(name)
            case _:
                raise PolicyError(f"not a policy line: {first[:80]!r}")

    def _quorum(self, name: str) -> None:
        if self.quorum is not None or not (name == "none" or self._defined(name)):
            raise PolicyError("one quorum line names a witness or group defined above it")
        self.quorum = name

    def _defined(self, name: str) -> bool:
        return name in self.witnesses or name in self.groups

    def _new(self, name: str) -> None:
        if name == "none" or self._defined(name):
            raise PolicyError(f"the name {name!r} is taken")

    def _log(self, log: Log) -> None:
        if log.verifier.public in self.logs:
            raise PolicyError("a log stands twice")
        self.logs[log.verifier.public] = log

    def _witness(self, witness: Witness) -> None:
        self._new(witness.name)
        if any(known.verifier.public == witness.verifier.public for known in self.witnesses.values()):
            raise PolicyError("a witness stands twice")
        self.witnesses[witness.name] = witness

    def _group(self, name: str, threshold: str, members: list[str]) -> None:
        self._new(name)
        taken = {member for group in self.groups.values() for member in group.members}
        if not members or len(set(members)) != len(members) or taken.intersection(members):
            raise PolicyError("each name is a group's member once")
        if not all(self._defined(member) for member in members):
            raise PolicyError("a group's members are defined before it")
        self.groups[name] = Group(_threshold(threshold, len(members)), tuple(members))

    def _extra(self, what: str, name: str, rest: list[str]) -> None:
        if what == "platform" and not rest:
            self.platform = _platform(name)
            return
        witness = self.witnesses.get(name)
        if witness is None or not rest:
            raise PolicyError(f"# kaibiao {what} names no witness defined above")
        self.witnesses[name] = _told(witness, what, " ".join(rest))


def _platform(spelled: str) -> keys.PublicKey:
    try:
        return keys.parse(spelled)
    except ValueError as error:
        raise PolicyError("# kaibiao platform: not a public key") from error


def _told(witness: Witness, what: str, value: str) -> Witness:
    if what == "inbox" and _RECIPIENT.fullmatch(value):
        return replace(witness, inbox=value)
    if what == "org":
        return replace(witness, org=value)
    if what == "url" and value.startswith(("http://", "https://")):
        return replace(witness, url=value)
    if what == "sign" and value == witness.sign_key:
        return witness
    raise PolicyError(f"# kaibiao {what} {witness.name}: not what such a line may say")


def _verifier(vkey: str, kind: Kind) -> Verifier:
    try:
        found = Verifier.parse(vkey)
    except NoteError as error:
        raise PolicyError(str(error)) from error
    if found.kind is not kind:
        raise PolicyError(f"a key of type {found.kind:02x} stands where {kind:02x} belongs")
    return found


def _threshold(text: str, members: int) -> int:
    if text in ("any", "all"):
        return 1 if text == "any" else members
    if not _THRESHOLD.fullmatch(text) or int(text) > members:
        raise PolicyError("a threshold is any, all, or 1 to the number of members")
    return int(text)


def _items(line: str) -> list[str]:
    """Only space and tab part items; other Unicode spaces belong to names."""
    return [item for item in line.replace("\t", " ").split(" ") if item]


def _lines(raw: bytes) -> list[str]:
    if _CONTROL.search(raw):
        raise PolicyError("a policy holds no control characters but tab and newline")
    try:
        lines = raw.decode("utf-8", "strict").split("\n")
    except UnicodeDecodeError as error:
        raise PolicyError("a policy of ours is UTF-8") from error
    if lines.pop() or len(lines) > MAX_LINES:
        raise PolicyError("every line of a policy ends in a newline")
    return lines


def _check_practice(policy: Policy) -> None:
    """A key shows by its name that it is for practice, so that no other policy takes it by mistake."""
    names = [verifier.name.startswith(PRACTICE) for verifier in policy.verifiers]
    if policy.practice != all(names) or policy.practice != any(names):
        raise PolicyError("practice keys and keys for earnest stand in different policies")
