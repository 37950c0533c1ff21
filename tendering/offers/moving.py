"""Moving the end of applications, only ever later: a disclosure that nobody answered runs on as its notice announced, one that stood still is given its time back."""

from __future__ import annotations

import datetime as dt

from kernel.clock import beijing, rfc3339
from kernel.errors import Conflict
from kernel.law import holds
from supervision import log, offer_facts
from tendering import packs, publishing, timetable
from tendering.models import Lot
from tendering.objections import rules as said
from tendering.offers import rules
from tendering.offers import terms as sale
from tendering.packs import Kind, Pack, Rule


def extended(lot: Lot) -> int:
    """How often the disclosure has been extended."""
    return sum(fact.cause == "extended" for fact in _moves(lot))


def _moves(lot: Lot) -> list[offer_facts.ListingMoved]:
    rows = (row.value for row in log.find(offer_facts.ListingMoved.kind, lot.code))
    return [fact for fact in rows if isinstance(fact, offer_facts.ListingMoved)]


@holds("P06.extend")
def extend(lot: Lot, now: dt.datetime) -> bool:
    """Nobody came: on by one more period, as often as the notice announced and the date of the offers leaves room (P06)."""
    pack = packs.load(lot.tender.pack_id)
    announced = sale.read(lot.tender.draft, lot.number).extensions or 0
    rule = sale.extension(pack)
    was = lot.applications_due
    if rule is None or was is None or lot.closes_at is None or extended(lot) >= announced:
        return False
    due = rules.extended_until(rule, was, now)
    if _offers_from(pack, due) > lot.closes_at:
        return False
    _log(lot, due, "extended", rule, now)
    lot.applications_due = due
    publishing.queue(lot.tender.code)
    return True


def _offers_from(pack: Pack, due: dt.datetime) -> dt.datetime:
    """The earliest end of sealed offers after applications that end at `due`."""
    rule = sale.contest(pack)
    return due if rule is None else timetable.calendar().reaches(rule, due)


def due_at(lot: Lot, now: dt.datetime) -> dt.datetime | None:
    """Until when applications are taken; while the lot stands still, as a resumption now would set it."""
    if lot.suspended_at is None or lot.applications_due is None:
        return lot.applications_due
    return _resumed_due(lot, lot.suspended_at, now)[0]


@holds("P06.resumed")
def _resumed_due(lot: Lot, since: dt.datetime, at: dt.datetime) -> tuple[dt.datetime, Rule | None]:
    """All the time that was left, and no less than the law asks of a disclosure that goes on; what was over stays over."""
    assert lot.applications_due is not None, "only a sale's lots are asked"
    back = said.resumed_until(lot.applications_due, since, at)
    found = packs.load(lot.tender.pack_id).find(Kind.MIN_INTERVAL, "applications_due.resumed")
    if lot.applications_due <= since or not found:
        return back, None
    return max(back, timetable.whole(timetable.calendar().reaches(found[0], at))), found[0]


def earliest_close(lot: Lot, at: dt.datetime) -> dt.datetime | None:
    """Before when offers cannot end after a resumption at `at`; None where nobody applies first, or applications were over."""
    since, due = lot.suspended_at, lot.applications_due
    if since is None or due is None or due <= since or not sale.is_offer(packs.load(lot.tender.pack_id)):
        return None
    return _offers_from(packs.load(lot.tender.pack_id), _resumed_due(lot, since, at)[0])


@holds("T09", "P06.resumed")
def resumed(lot: Lot, at: dt.datetime, closes_at: dt.datetime, now: dt.datetime) -> dict[str, dt.datetime]:
    """What a resumption moves besides the deadline that it signs; Conflict where that deadline leaves too little time after it."""
    earliest = earliest_close(lot, at)
    if earliest is None or lot.suspended_at is None:
        return {}
    due, rule = _resumed_due(lot, lot.suspended_at, at)
    if closes_at < earliest:
        local = beijing(timetable.whole(earliest)).strftime("%Y-%m-%d %H:%M:%S")
        raise Conflict(
            "deadline.too_early",
            f"恢复后申请截止顺延，报价截止最早为北京时间 {local}。",
            f"Applications run on after the resumption: offers end no earlier than {local} Beijing time.",
            rule=rule.cited if rule else "rules.md 5.3 T09",
            earliest=rfc3339(timetable.whole(earliest)),
        )
    _log(lot, due, "resumed", rule, now)
    return {"applications_due": due}


def _log(lot: Lot, due: dt.datetime, cause: str, rule: Rule | None, now: dt.datetime) -> None:
    assert lot.applications_due is not None, "only what is moved is logged"
    said_by = rule.cited if rule else "rules.md 5.3 T09"
    log.append(
        offer_facts.ListingMoved.read(
            {
                "lot": lot.code, "was": rfc3339(timetable.whole(lot.applications_due)), "now": rfc3339(due), "cause": cause,
                "law": said_by, "at": rfc3339(now),
            }
        )
    )  # fmt: skip


def stood_still(lot: Lot, since: dt.datetime) -> dt.timedelta:
    """For how long the lot stood still since a moment: nobody's time to answer ran meanwhile (T09)."""
    begun = [row.created_at for row in log.find("suspended", lot.code)]
    ended = [row.created_at for row in log.find("resumed", lot.code)]
    return said.stood_still(list(zip(begun, ended, strict=False)), since, max(ended, default=since))
