"""The lines of a policy file (c2sp.org/tlog-policy), read strictly.

Our own lines are comments to other readers: `# kaibiao inbox <name> <age recipient>`, `# kaibiao org <name>
<organization>`, `# kaibiao sign <name> ed25519:<base64>` (the witness key again, for statements), `# kaibiao url
<name> <url>`, `# kaibiao platform ed25519:<base64>` (the platform's key under receipts).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from kernel import keys
from supervision.note import Kind, NoteError, Verifier

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


def read(raw: bytes) -> Reading:
    """What the lines say; PolicyError on unknown lines, undefined or repeated names, repeated keys."""
    reading = Reading({}, {}, {})
    for line in _lines(raw):
        reading.take(line)
    return reading


@dataclass
class Reading:
    """What was read so far."""

    logs: dict[bytes, Log]
    witnesses: dict[str, Witness]
    groups: dict[str, Group]
    quorum: str | None = None
    platform: keys.PublicKey | None = None

    @property
    def named(self) -> str:
        """The name on the quorum line; PolicyError while there was none."""
        if self.quorum is None:
            raise PolicyError("a policy has one quorum line")
        return self.quorum

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
