"""The file that goes with an objection or a complaint: kept in the blob store, given to those who decide."""

from __future__ import annotations

from functools import partial
from typing import Protocol
from urllib.parse import quote

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from kernel.errors import NotFound
from kernel.site import site
from tendering import documents, filenames
from tendering.objections.rules import RULE
from tendering.objections.service import Evidence

CHUNK = 1 << 18


class HasEvidence(Protocol):
    """An objection or a complaint."""

    @property
    def evidence_name(self) -> str | None: ...

    @property
    def evidence_size(self) -> int | None: ...

    @property
    def evidence_blob(self) -> str | None: ...


def posted() -> Evidence | None:
    """The form's file, stored; None when none was chosen. Call it outside of a transaction."""
    given = request.files.get("evidence")
    if given is None or not given.filename:
        return None
    filenames.media_type(given.filename)
    stored = documents.store(given.filename, iter(partial(given.stream.read, CHUNK), b""))
    return Evidence(given.filename, stored.size, stored.sha256, stored.blob_key)


def drop(evidence: Evidence | None) -> None:
    """Nothing refers to the file: what it went with was refused."""
    if evidence is not None:
        site().blobs.delete(evidence.blob_key)


def download(row: HasEvidence) -> AnyResponse:
    """The file as an attachment; NotFound where there is none."""
    if row.evidence_name is None or row.evidence_blob is None:
        raise NotFound("evidence.none", "没有附件。", "There is no file.", rule=RULE)
    file = site().blobs.open(row.evidence_blob)
    answer = Response(file, mimetype=filenames.media_type(row.evidence_name), direct_passthrough=True)
    answer.content_length = row.evidence_size or 0
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(row.evidence_name, safe='')}"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
