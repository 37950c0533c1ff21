"""The file that goes with an objection or a complaint: kept in the blob store, given to those who decide."""

from __future__ import annotations

from typing import Protocol

from werkzeug.wrappers import Response as AnyResponse

from kernel.errors import NotFound
from tendering import transfers
from tendering.attachments import Attachment
from tendering.objections.rules import RULE


class HasEvidence(Protocol):
    """An objection or a complaint."""

    @property
    def evidence_name(self) -> str | None: ...

    @property
    def evidence_size(self) -> int | None: ...

    @property
    def evidence_blob(self) -> str | None: ...


def posted() -> Attachment | None:
    """The form's file, stored; None when none was chosen. Call it outside of a transaction."""
    return next(iter(transfers.posted("evidence")), None)


def drop(evidence: Attachment | None) -> None:
    """Nothing refers to the file: what it went with was refused."""
    transfers.drop([evidence] if evidence is not None else [])


def download(row: HasEvidence) -> AnyResponse:
    """The file as an attachment; NotFound where there is none."""
    if row.evidence_name is None or row.evidence_blob is None:
        raise NotFound("evidence.none", "没有附件。", "There is no file.", rule=RULE)
    return transfers.private(row.evidence_blob, row.evidence_name, row.evidence_size or 0)
