"""The sealed facts that say who was behind an act: personal, disclosed to the subject and the supervisor alone."""

from __future__ import annotations

import datetime as dt

from accounts.actor import Actor
from kernel.clock import rfc3339
from supervision import facts, log


def acted(actor: Actor, what: str, now: dt.datetime, *, lot: str | None = None, cert_sha256: str | None = None) -> None:
    """Record in the caller's transaction that `actor` did `what`."""
    fact = facts.Acted(
        what=what,
        person=actor.name,
        org=actor.organization,
        address=actor.address,
        user_agent=actor.user_agent[:200],
        at=rfc3339(now),
        cert_sha256=cert_sha256,
    )
    log.append(fact, lot=lot, subject=actor.subject)


def refused(what: str, code: str, now: dt.datetime, *, subject: str | None, role: str | None = None) -> None:
    """Record in the caller's transaction an attempt that was refused."""
    log.append(facts.AttemptRefused(what=what, code=code, role=role, at=rfc3339(now)), subject=subject)


def signed_in(name: str, now: dt.datetime, *, subject: str) -> None:
    log.append(facts.SignedIn(person=name, at=rfc3339(now)), subject=subject)
