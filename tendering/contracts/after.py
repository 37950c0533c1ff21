"""The way of a lot from its award to the archive as the tender page draws it, with the law beside each step."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from kernel import canonical
from kernel.clock import parse_rfc3339
from kernel.db import db
from kernel.errors import Words
from supervision import contract_facts
from tendering import packs
from tendering.contracts import course, duties, papers
from tendering.contracts.models import Sealed
from tendering.models import Lot
from tendering.packs import Kind, Pack
from tendering.states import LotEvent, LotState

FOLLOWED = frozenset({
    LotState.REPORTED, LotState.PUBLICITY, LotState.DEAL, LotState.AWARDED, LotState.CONTRACTED, LotState.FULFILLED, LotState.CLOSED,
})  # fmt: skip


@dataclass(frozen=True)
class Step:
    """`due` is the law's latest moment where there is one; `color` says how the step stands to it."""

    words: Words
    law: str
    unverified: bool
    done: dt.datetime | None
    due: dt.datetime | None
    color: str


def steps(lot: Lot, now: dt.datetime) -> list[Step]:
    """The duties that have begun, then acceptance and archive; empty before the evaluation's report."""
    if lot.state not in FOLLOWED:
        return []
    pack = packs.load(lot.tender.pack_id)
    begun = [
        Step(duty.words, duty.rule.clause, duty.rule.unverified, duty.done_at, duty.due_at, duty.color(now))
        for duty in duties.of_lot(lot, now)
    ]
    return [*begun, _accepted(lot), _archived(lot, pack)]


def _accepted(lot: Lot) -> Step:
    law = "《招标投标法》第四十八条；《政府采购法》第四十一条"
    done = course.happened(lot.code, LotEvent.FULFILL)
    return Step(Words("履约验收", "Work accepted"), law, unverified=False, done=done, due=None, color="green")


def _archived(lot: Lot, pack: Pack) -> Step:
    found = archive(lot)
    rules = pack.find(Kind.MIN_YEARS, "archive")
    law = "；".join(rule.clause for rule in rules)
    unverified = any(rule.unverified for rule in rules)
    return Step(Words("归档", "Archive sealed"), law, unverified, found.sealed_at if found else None, None, "green")


def archive(lot: Lot) -> Sealed | None:
    return db.session.scalar(select(Sealed).where(Sealed.lot == lot.code))


def contract_shown(lot: Lot) -> dict[str, Any] | None:
    """The signed contract as everybody may see it, with its changes; the text itself where the law publishes it."""
    rows = course.told(contract_facts.ContractSigned.kind, lot.code)
    paper = papers.signed_contract(lot)
    if not rows or paper is None:
        return None
    changes = course.told(contract_facts.ContractChanged.kind, lot.code)
    return {
        "price": rows[-1]["price"],
        "period_days": rows[-1]["period_days"],
        "bond": canonical.decode(paper.file)["bond"],
        "sha256": rows[-1]["contract_sha256"],
        "name": paper.name,
        "public": text_is_public(lot),
        "changes": [{**row, "at": parse_rfc3339(row["at"])} for row in changes],
    }


def text_is_public(lot: Lot) -> bool:
    """Whether the law has the contract's text itself published (G39)."""
    return bool(packs.load(lot.tender.pack_id).find(Kind.MAX_INTERVAL, "contract_published"))
