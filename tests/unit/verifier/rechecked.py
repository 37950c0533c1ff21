"""Files into a folder, and the folder rechecked."""

from __future__ import annotations

from pathlib import Path

from verifier import verify
from verifier.case import Given
from verifier.claims import Claim, Mark, Report
from verifier.source import FolderArchive


def write(files: dict[str, bytes], folder: Path) -> Path:
    for name, raw in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)
    return folder


def recheck(files: dict[str, bytes], folder: Path, given: Given | None = None) -> Report:
    archive = FolderArchive(write(files, folder))
    return Report(list(verify.claims(archive, given or Given())))


def lies(report: Report) -> list[Claim]:
    return [claim for claim in report.claims if claim.mark is Mark.LIE]
