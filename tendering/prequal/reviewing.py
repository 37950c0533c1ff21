"""The review: each reviewer's verdict on every published criterion of each application, with reasons, signed with a second factor."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from accounts import records
from accounts.actor import Actor
from accounts.roles import Part, Role
from kernel import canonical
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import NotFound
from supervision import log, prequal_facts
from tendering.lifecycle import lot_of
from tendering.models import Lot
from tendering.objections import stays
from tendering.prequal import applying, committee, judging, rules
from tendering.prequal.judging import Finding, Verdict
from tendering.prequal.models import PrequalApplication, PrequalReview


@dataclass(frozen=True)
class Reviewed:
    """An application with what was found of it; `missing` is how many reviews are still to come."""

    application: PrequalApplication
    findings: list[Finding]
    missing: int

    @property
    def passed(self) -> bool:
        return not self.missing and all(one.passes for one in self.findings)


def review(actor: Actor, lot_code: str, token: str, given: Mapping[str, Verdict], now: dt.datetime) -> PrequalReview:
    """Enter the actor's findings of one application; until the result is given they may be corrected."""
    lot = lot_of(lot_code, lock=True)
    committee.check_reviewer(actor, lot)
    if Role.EXPERT not in actor.roles:
        actor.take_part(Part.SIGN)
    committee.check_reviewing(lot)
    stays.check_free(lot)
    application = of_token(lot, token)
    verdicts = judging.check_verdicts(rules.criteria_of(lot.tender.draft), given)
    row = _row(application, actor) or PrequalReview(application_id=application.id, person_id=actor.person_id)
    row.verdicts = {name: {"passes": one.passes, "reason": one.reason.strip()} for name, one in verdicts.items()}
    row.sha256, row.signed_at = canonical.sha(canonical.encode(row.verdicts)), now
    db.session.add(row)
    db.session.flush()
    _record(actor, lot, application, row, now)
    return row


def _record(actor: Actor, lot: Lot, application: PrequalApplication, row: PrequalReview, now: dt.datetime) -> None:
    fact = prequal_facts.PrequalReviewed(
        lot=lot.code, application_sha256=application.sha256, review_sha256=row.sha256, at=rfc3339(now)
    )
    log.append(fact, lot=lot.code, subject=actor.subject)
    records.acted(actor, "prequal.reviewed", now, lot=lot.code)


def of_token(lot: Lot, token: str) -> PrequalApplication:
    """A live application under its random token; NotFound before the deadline, for anybody."""
    committee.check_reviewing(lot)
    found = next((row for row in applying.live(lot) if row.token == token), None)
    if found is None:
        raise NotFound("application.none", "没有这件申请。", "There is no such application.", rule=rules.LAW)
    return found


def of_lot(lot: Lot) -> list[Reviewed]:
    """Every application with what was found of it so far."""
    criteria = rules.criteria_of(lot.tender.draft)
    seated = committee.members_of(lot) if committee.takes_committee(lot.tender) else None
    return [_reviewed(row, criteria, seated) for row in applying.live(lot)]


def _reviewed(row: PrequalApplication, criteria: tuple[rules.Criterion, ...], seated: list[int] | None) -> Reviewed:
    """With a committee every member counts; owner and agency speak with one voice, the latest."""
    rows = list(
        db.session.scalars(
            select(PrequalReview).where(PrequalReview.application_id == row.id).order_by(PrequalReview.signed_at)
        )
    )
    counted = [one for one in rows if one.person_id in seated] if seated is not None else rows[-1:]
    missing = max(len(seated), 1) - len(counted) if seated is not None else 1 - len(counted)
    found = judging.findings(criteria, [_read(one) for one in counted]) if counted else []
    return Reviewed(row, found, missing)


def own(actor: Actor, application: PrequalApplication) -> dict[str, dict[str, Any]]:
    """What the actor has said of an application so far."""
    row = _row(application, actor)
    return row.verdicts if row is not None else {}


def _read(row: PrequalReview) -> dict[str, Verdict]:
    return {name: Verdict(bool(one["passes"]), str(one["reason"])) for name, one in row.verdicts.items()}


def _row(application: PrequalApplication, actor: Actor) -> PrequalReview | None:
    wanted = select(PrequalReview).where(
        PrequalReview.application_id == application.id, PrequalReview.person_id == actor.person_id
    )
    return db.session.scalar(wanted)
