"""Opening the admitted bids of an evaluation stage: releases are decrypted, envelopes opened, findings reported.

Everything may be repeated: a bid whose finding is on the shelf is only reported again. A bid that does not open is
judged by the rules of the public stages (sealing.md 1.6, 1.7).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evaluation.room import payload
from evaluation.room.keys import EvaluatorKeys
from evaluation.room.portal import Portal, UnreachableError
from evaluation.room.shelves import Place, Shelves
from evaluation.room.work import Job
from sealing import opening, release
from sealing.documents import DocumentsError
from sealing.faults import Judgment, Party
from sealing.manifest import Manifest
from sealing.opening import TooFewLinesError
from sealing.release import Release
from sealing.wire import WireError

Lines = Mapping[int, Release]

_log = logging.getLogger("kaibiao.evaluator")


@dataclass(frozen=True)
class Unsealing:
    """One pass over one job."""

    keys: EvaluatorKeys
    portal: Portal
    shelves: Shelves

    def run(self, job: Job) -> int:
        """Open and report whatever can be opened now; how many bids were reported. One in trouble waits for the next pass."""
        releases, reported = self._releases(job), 0
        for manifest in job.manifests:
            try:
                reported += self._one(job, manifest, releases)
            except (UnreachableError, OSError) as error:
                _log.warning("%s %s: %s", job.lot, manifest.bid_id, error)
        return reported

    def _releases(self, job: Job) -> dict[int, Release]:
        """The trustees' lines that are this job's; a file that is not is left out and said so."""
        found = {}
        for i in job.releases:
            raw = self.portal.get(f"/lots/{job.lot}/releases/{job.stage}/{i}")
            try:
                opened = release.open_for_evaluation(raw, job.keyset, self.keys.secret)
            except ValueError as error:
                _log.warning("%s: the release of trustee %d does not open: %s", job.lot, i, error)
                continue
            if (opened.lot, opened.stage, opened.seq, opened.root, opened.i) == (
                job.lot,
                job.stage,
                job.seq,
                job.root,
                i,
            ):
                found[i] = opened
        return found

    def _one(self, job: Job, manifest: Manifest, releases: Lines) -> bool:
        place = Place(job.lot, manifest.bid_id)
        found = self.shelves.finding(place) or self._open(job, manifest, releases)
        if found is None:
            return False
        self.portal.post(f"/lots/{job.lot}/opened", {"bid_id": manifest.bid_id, "stage": job.stage, **found})
        self.shelves.ciphertext(place).unlink(missing_ok=True)
        return True

    def _open(self, job: Job, manifest: Manifest, releases: Lines) -> dict[str, Any] | None:
        """The finding on one bid; None while too few good lines have come and more may."""
        place = Place(job.lot, manifest.bid_id)
        lines = {i: one.lines[manifest.bid_id] for i, one in releases.items() if manifest.bid_id in one.lines}
        try:
            combined = opening.combine(manifest, job.stage, lines)
        except TooFewLinesError:
            return None
        if isinstance(combined, Judgment):
            waiting = combined.party is Party.TRUSTEE and len(lines) < len(manifest.envelope(job.stage).shares)
            return None if waiting else self.shelves.keep_judged(place, combined)
        return self._unseal(job, manifest, combined.secret)

    def _unseal(self, job: Job, manifest: Manifest, secret: bytes) -> dict[str, Any]:
        place, envelope = Place(job.lot, manifest.bid_id), manifest.envelope(job.stage)
        ciphertext, plain = self.shelves.ciphertext(place), self.shelves.payload(place)
        self.portal.save(f"/lots/{job.lot}/ciphertexts/{envelope.ciphertext_sha256}", ciphertext, envelope.size)
        fault = opening.decrypt(manifest, envelope, secret, ciphertext, plain)
        if fault is not None:
            return self.shelves.keep_judged(place, fault)
        try:
            return self.shelves.keep_opened(place, payload.catalog(plain))
        except (DocumentsError, WireError) as error:
            return self.shelves.keep_judged(place, _misfiled(error))


def _misfiled(error: ValueError) -> Judgment:
    return Judgment(
        Party.BIDDER,
        "1.6(f)",
        f"解密后的文件与其目录不符({error})",
        f"the sealed files are not what their index lists: {error}",
    )
