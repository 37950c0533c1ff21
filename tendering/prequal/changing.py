"""What a change of the documents does to the time for applications: it grows by itself, and everybody sees it (C11, G11)."""

from __future__ import annotations

import datetime as dt

from kernel.clock import rfc3339
from supervision import log, prequal_facts
from tendering import changes, packs, publishing
from tendering.models import Lot, Tender
from tendering.prequal import rules
from tendering.states import LotState


def changed(tender: Tender, now: dt.datetime) -> list[Lot]:
    """The lots whose time for applications grew with a change published at `now`."""
    return [lot for lot in tender.lots if lot.state == LotState.PREQUAL and _moved(lot, now)]


def _moved(lot: Lot, now: dt.datetime) -> bool:
    was = lot.applications_due
    assert was is not None, "a lot that takes applications has its time"
    earliest = rules.earliest_after_change(packs.load(lot.tender.pack_id), now)
    if was >= earliest.at:
        return False
    lot.applications_due = changes.moved(earliest, was)
    fact = prequal_facts.PrequalMoved(
        lot=lot.code, was=rfc3339(was), now=rfc3339(lot.applications_due), law=earliest.rule.cited, at=rfc3339(now)
    )
    log.append(fact, lot=lot.code)
    publishing.queue(lot.tender.code)
    return True
