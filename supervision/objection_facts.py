"""Facts about objections, queries and inquiries, about complaints, and about what stands still because of them.

The open ones say that there is one, about what, and until when somebody must act; who raised it is sealed.
"""

from __future__ import annotations

from typing import Literal

from supervision.vocabulary import Disclosure, Fact, Instant, Sha256

PARTY = frozenset({Disclosure.SUBJECT, Disclosure.AUTHORITY_AT_CLOSE, Disclosure.NEVER})


class ObjectionRaised(Fact, kind="objection.raised"):
    """`due_at` is when the reply is late, `warn_at` when little time is left; `suspends`: the lot stands still until then."""

    lot: str
    number: int
    sort: str
    subject: str
    suspends: bool
    text_sha256: Sha256
    warn_at: Instant
    due_at: Instant
    law: str
    at: Instant


class ObjectionAnswered(Fact, kind="objection.answered"):
    lot: str
    number: int
    effect: str
    text_sha256: Sha256
    at: Instant


class ObjectionWithdrawn(Fact, kind="objection.withdrawn"):
    lot: str
    number: int
    at: Instant


class ObjectionParty(Fact, kind="objection.party", opens=PARTY):
    """Who raised it: for the owner and the supervising authority after the opening, for nobody else."""

    lot: str
    number: int
    org: str
    at: Instant


class ComplaintMade(Fact, kind="complaint.made"):
    """`objection` is the number of what was raised with the owner before; the authority answers by `due_at`."""

    lot: str
    number: int
    objection: int | None
    text_sha256: Sha256
    warn_at: Instant
    due_at: Instant
    law: str
    at: Instant


class ComplaintStep(Fact, kind="complaint.step"):
    """What became of it; after `accepted` the authority decides by `due_at`."""

    lot: str
    number: int
    step: Literal["correcting", "corrected", "accepted", "refused", "withdrawn", "decided"]
    effect: str | None
    text_sha256: Sha256 | None
    warn_at: Instant | None
    due_at: Instant | None
    law: str
    at: Instant


class ComplaintParty(Fact, kind="complaint.party", opens=PARTY):
    """Who complains."""

    lot: str
    number: int
    org: str
    at: Instant


class ProcedureStayed(Fact, kind="procedure.stayed"):
    """After the opening, where no keyset's clock runs any more: publicity, award or contract stand still."""

    lot: str
    cause: str
    law: str
    at: Instant


class ProcedureResumed(Fact, kind="procedure.resumed"):
    lot: str
    cause: str
    publicity_until: Instant | None
    at: Instant
