"""What the centre's page of one lot's committee shows: who sits, how the experts are drawn, who may be named."""

from __future__ import annotations

from typing import Any

from accounts.access import current_actor
from evaluation import composition, eligible, reading, views
from evaluation.draw import showing
from kernel import clock
from tendering import lifecycle, packs, visibility


def load(code: str, chosen: list[str] | None = None) -> dict[str, Any]:
    actor, lot = current_actor(), lifecycle.lot_of(code)
    visibility.check_seen(lot.tender, actor)
    people = eligible.experts(actor, code, clock.now())
    return {
        "lot": lot,
        "size": composition.size(packs.load(lot.tender.pack_id), reading.budget(lot)),
        "committee": views.committee(actor, code),
        "experts": people,
        "beside": [one for one in people if one.represents and not one.barred],
        "chosen": chosen if chosen is not None else [one.login for one in people if one.sits],
        "documents": reading.documents(code),
        **showing.desk(actor, code, clock.now()),
    }
