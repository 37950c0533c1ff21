"""Naming a committee's members without a draw: recorded with its ground, and refused with an alert where there is none."""

from __future__ import annotations

import datetime as dt

from accounts.actor import Actor
from evaluation.draw import reading, rules
from evaluation.draw.models import ExpertAppointment
from evaluation.draw.rules import Appointment
from kernel import canonical
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Conflict, Refusal
from supervision import alerts, log
from supervision.draw_facts import ExpertsAppointed
from tendering import packs
from tendering.models import Lot
from tendering.packs import Pack


def check_undrawn(lot: Lot) -> None:
    """Conflict once a list was fixed: then the order says who sits."""
    if reading.draws(lot.code):
        raise Conflict(
            "committee.drawn",
            "本标段的专家已由抽取产生，只能按抽取的次序递补",
            "The experts of this lot are drawn: reserves take their seats in the order of the draw",
            rule=packs.load(lot.tender.pack_id).clause("committee.experts"),
        )


def record(actor: Actor, lot: Lot, given: Appointment | None, now: dt.datetime) -> None:
    """Keep the ground of the law and write it into the log; refused without one, and the attempt raises the pack's alert."""
    pack = packs.load(lot.tender.pack_id)
    try:
        rules.check_appointment(pack, given)
    except Refusal as refusal:
        raise _alerting(refusal, pack, actor, (lot.code, rfc3339(now))) from None
    if given is None or given.ground is None:
        return
    reasons, document, consent = given.reasons.strip(), given.document.strip(), given.consent.strip()
    row = {"ground": given.ground, "document": document, "consent": consent}
    db.session.add(ExpertAppointment(lot=lot.code, reasons=reasons, at=now, **row))
    said = canonical.sha(reasons.encode())
    log.append(ExpertsAppointed(lot=lot.code, reasons_sha256=said, at=rfc3339(now), **row))


def _alerting(refusal: Refusal, pack: Pack, actor: Actor, where: tuple[str, str]) -> Refusal:
    """The alert is open and says of whom only a hash; who tried stands in the platform's records."""
    rule = rules.required(pack)
    if rule is None or rule.alert is None:
        return refusal
    lot, at = where
    evidence = {"lot": lot, "subject": actor.subject, "refused": refusal.code, "rule": rule.cited, "at": at}
    return refusal.recording(alerts.fact(alerts.Point(rule.id, "red", "process"), evidence, lot), lot=lot)
