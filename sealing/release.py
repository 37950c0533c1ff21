"""Release of the shares after the deadline: which bids are admitted, release hashes, release files (1.5)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from kernel import canonical
from kernel.statements import Signed
from sealing import suite as suites
from sealing import wire
from sealing.faults import Fault
from sealing.keyset import MAX_TRUSTEES, Audience, Keyset, Stage
from sealing.manifest import Manifest
from sealing.roll import MAX_SEQ, Close

RELEASE_TYPE = "kaibiao-release/1"
RELEASE_HASH_TYPE = "kaibiao-release-hash/1"
MAX_ROUNDS = 1000
_TARGET = ("lot", "root", "stage", "seq", "i", "number")


@dataclass(frozen=True)
class Admission:
    """The bids (by bid_id, sorted) whose lines the trustees release, and those short of t good lines."""

    bids: tuple[str, ...]
    set_aside: tuple[str, ...]


def admitted(
    live: Sequence[Manifest], stage: Stage, closes: Mapping[int, Close], cleared: Collection[tuple[str, int]] = ()
) -> Admission:
    """`stage.admitted` of the first stage, as everybody recomputes it from what is logged below it.

    `closes` maps a trustee's index to its logged close; a line is good when that close does not list it as bad, or when
    the trustee's published identity showed it good: `cleared` are those, as (bid_id, i).
    """
    bids = {manifest.bid_id: _good_lines(manifest.bid_id, stage, closes, cleared) for manifest in live}
    enough = {bid_id for bid_id, good in bids.items() if good >= stage.t}
    return Admission(tuple(sorted(enough)), tuple(sorted(set(bids) - enough)))


def _good_lines(bid_id: str, stage: Stage, closes: Mapping[int, Close], cleared: Collection[tuple[str, int]]) -> int:
    return sum(
        entry.i in closes and ((bid_id, entry.i) in cleared or (bid_id, stage.name) not in closes[entry.i].bad)
        for entry in stage.trustees
    )


def added(rounds: Sequence[Collection[str]]) -> tuple[str, ...]:
    """What the last of these admissions adds to those before it, sorted: the bids that its release covers."""
    return tuple(sorted(set(rounds[-1]).difference(*rounds[:-1])))


@dataclass(frozen=True)
class ReleaseHash:
    """A trustee's commitment to its release file, so that nobody reads while others can still hold back.

    `number` counts the stage's admissions: a later one adds bids, and has promises and releases of its own.
    """

    lot: str
    root: str
    stage: str
    seq: int
    i: int
    sha256: str
    number: int = 1

    def content(self) -> dict[str, Any]:
        return {"type": RELEASE_HASH_TYPE, **asdict(self)}

    @classmethod
    def read(cls, signed: Signed) -> Self:
        fields = wire.parse(signed.raw, RELEASE_HASH_TYPE, (*_TARGET, "sha256"))
        return cls(*_target(fields), fields.text("sha256", wire.SHA256), _number(fields))


@dataclass(frozen=True)
class Release:
    """One trustee's lines of one stage, by bid_id: of the bids that the stage's admission of this number added."""

    lot: str
    root: str
    stage: str
    seq: int
    i: int
    lines: Mapping[str, bytes]
    number: int = 1

    def encode(self) -> bytes:
        lines = {bid_id: line.decode("ascii") for bid_id, line in self.lines.items()}
        return canonical.encode({"type": RELEASE_TYPE, **asdict(self), "lines": lines})

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read the exact form; WireError otherwise."""
        fields = wire.parse(raw, RELEASE_TYPE, (*_TARGET, "lines"))
        lines = fields.mapping("lines", wire.BID_ID)
        if not all(line.isascii() for line in lines.values()):
            raise wire.WireError("release.lines: not ASCII")
        return cls(*_target(fields), {bid_id: line.encode("ascii") for bid_id, line in lines.items()}, _number(fields))

    def file(self, keyset: Keyset) -> bytes:
        """The release file: this statement as it is for a public stage, encrypted to its readers for another."""
        stage = keyset.stage(self.stage)
        if stage.audience is Audience.PUBLIC:
            return self.encode()
        readers = [entry.recipient for entry in stage.audience_recipients]
        return suites.named(keyset.suite).seal_bytes(self.encode(), readers)


def commit(release: Release, file: bytes) -> ReleaseHash:
    """The statement that the trustee logs before it gives `file` to anybody."""
    target = (release.lot, release.root, release.stage, release.seq, release.i)
    return ReleaseHash(*target, canonical.sha(file), release.number)


def open_for_evaluation(file: bytes, keyset: Keyset, secret: bytes) -> Release:
    """The release inside an evaluation stage's file; ValueError when the key or the file is wrong."""
    return Release.parse(suites.named(keyset.suite).unwrap(file, secret))


def check_release(file: bytes, release: Release, promised: ReleaseHash, due: Sequence[str], own: Close) -> list[Fault]:
    """All that makes a release void and its trustee answerable: another file than promised, or a bid left out.

    `due` are the bids that the admission added; `own` is the trustee's close, whose bad lines it need not give.
    """
    return list(_release_faults(file, release, promised, set(due), own))


def _release_faults(file: bytes, release: Release, promised: ReleaseHash, due: set[str], own: Close) -> Iterator[Fault]:
    if canonical.sha(file) != promised.sha256:
        yield Fault(
            "release_hash",
            "发布的份额文件与其事先承诺的摘要不符",
            "the release file is not the one whose hash was promised",
            "1.5",
        )
    if commit(release, file) != replace(promised, sha256=canonical.sha(file)):
        yield Fault(
            "release_target",
            "份额文件写明的标段、阶段或名册与承诺不符",
            "the release file names another lot, stage, roll or trustee than was promised",
            "1.5",
        )
    bad = {bid_id for bid_id, stage in own.bad if stage == release.stage}
    if missing := due - bad - set(release.lines):
        yield Fault(
            "release_incomplete",
            f"份额文件缺少应发布的 {len(missing)} 份投标",
            f"the release leaves out {len(missing)} admitted bids",
            "1.5",
        )
    if set(release.lines) - due:
        yield Fault(
            "release_excess",
            "份额文件含有未获准开启的投标",
            "the release holds lines of bids that were not admitted",
            "1.5",
        )


def _target(fields: wire.Fields) -> tuple[str, str, str, int, int]:
    return (
        fields.text("lot", wire.LOT),
        fields.text("root", wire.SHA256),
        fields.text("stage", wire.STAGE),
        fields.integer("seq", 1, MAX_SEQ),
        fields.integer("i", 1, MAX_TRUSTEES),
    )


def _number(fields: wire.Fields) -> int:
    return fields.integer("number", 1, MAX_ROUNDS)
