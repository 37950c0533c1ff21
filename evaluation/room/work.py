"""What the portal hands the evaluator to do, read strictly: lots, admitted bids with manifests, and who released."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from kernel import canonical
from sealing import wire
from sealing.keyset import Keyset
from sealing.manifest import Manifest

TYPE = "kaibiao-evaluator-work/1"
_JOB = ("lot", "stage", "seq", "root", "keyset", "bids", "releases")
_MOST = 10_000
LOT = re.compile(r"[A-Z0-9]{1,40}")
"""Stricter than the protocol's: a lot's code names a folder here."""


@dataclass(frozen=True)
class Job:
    """One stage of one lot: its keyset, its admitted bids, and the trustees whose release files lie ready."""

    lot: str
    stage: str
    seq: int
    root: str
    keyset: Keyset
    manifests: tuple[Manifest, ...]
    releases: tuple[int, ...]


@dataclass(frozen=True)
class Work:
    """`platform` is the key whose tickets open the rooms."""

    platform: str
    jobs: tuple[Job, ...]


def encode(platform: str, jobs: Iterable[dict[str, object]]) -> bytes:
    """The portal's answer; each job has the members of `_JOB`, keyset and manifests as base64 of their exact bytes."""
    return canonical.encode({"type": TYPE, "platform": platform, "jobs": list(jobs)})


def parse(raw: bytes) -> Work:
    """Read it; WireError on anything else."""
    fields = wire.parse(raw, TYPE, ("platform", "jobs"))
    jobs = tuple(_job(item) for item in fields.items("jobs", _JOB, _MOST))
    return Work(fields.text("platform"), jobs)


def _job(fields: wire.Fields) -> Job:
    lot, stage = fields.text("lot", LOT), fields.text("stage", wire.STAGE)
    manifests = tuple(_manifest(item, lot) for item in fields.items("bids", ("manifest",), _MOST))
    releases = tuple(item.integer("i", 1, 255) for item in fields.items("releases", ("i",), 255))
    keyset = Keyset.parse(fields.base64("keyset"))
    seq, root = fields.integer("seq", 1, 1_000_000), fields.text("root", wire.SHA256)
    return Job(lot, stage, seq, root, keyset, manifests, releases)


def _manifest(fields: wire.Fields, lot: str) -> Manifest:
    found = Manifest.parse(fields.base64("manifest"))
    if found.lot != lot:
        raise wire.WireError("work: a manifest of another lot")
    return found
