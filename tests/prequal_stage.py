"""A pre-qualification on a stage: published, applied for, reviewed, decided."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from accounts import consortia, grants
from accounts.consortia import Confirmation, Declaration
from accounts.models import Organization, Person
from accounts.roles import OrgKind, Role
from kernel import canonical, clock, keys
from kernel.clock import rfc3339
from kernel.db import db
from tendering import service as tendering
from tendering.attachments import Attachment
from tendering.models import Lot
from tendering.prequal import applying, committee, result, reviewing, rules, steps
from tendering.prequal.applying import Said
from tendering.prequal.judging import Verdict
from tendering.prequal.models import PrequalApplication
from tests.bidding_stage import BiddingStage
from tests.tendering_stage import _actor, seconds

FOUR = ("甲", "乙", "丙", "丁")
CRITERIA = [{"name": "资质", "asks": "三级及以上"}, {"name": "业绩", "asks": "一项公路工程"}]
PROCURED = {"trade": "procurement", "pack": "practice.procurement.prequalified", "state_funded": True}


def plan(stage: BiddingStage, ends: int = 6, due: int = 12) -> dict[str, Any]:
    moments = {"documents_end": stage.now + seconds(ends), "applications_due": stage.now + seconds(due)}
    return {**{name: rfc3339(at) for name, at in moments.items()}, "criteria": CRITERIA}


def opened(stage: BiddingStage, **changes: Any) -> str:
    """The code of a lot that takes applications; the owner reviews them, for no state funds lead."""
    said = {"pack": "practice.construction.prequalified", "state_funded": False, "prequal": plan(stage), **changes}
    code = stage.published(**said)
    return stage.lots(code)[0]


def apply(stage: BiddingStage, lot: str, name: str, papers: Sequence[Attachment] = (), party: str | None = None) -> PrequalApplication:  # fmt: skip
    actor = stage.bidder_of(name).actor
    with stage.act() as now:
        answers = {one.id: f"{name}：{one.asks}" for one in rules.criteria_of(tendering.lot_of(lot).tender.draft)}
        said = Said(answers, papers, party)
        return applying.hand_in(actor, lot, said, now)[0]


def close(stage: BiddingStage, lot: str) -> Lot:
    """Let the time for applications end."""
    due = stage.lot(lot).applications_due
    assert due is not None
    stage.now = due
    step(stage)
    return stage.lot(lot)


def step(stage: BiddingStage) -> bool:
    with clock.at(stage.now):
        return steps.step_prequal(stage.now)


def review(stage: BiddingStage, lot: str, fails: Sequence[str] = (), actor: str = "owner") -> None:
    """One reviewer's findings of every application."""
    failing = {stage.bidder_of(name).actor.organization_id for name in fails}
    with stage.act() as now:
        found = tendering.lot_of(lot)
        for row in applying.live(found):
            passes = row.organization_id not in failing
            given = {"q1": Verdict(passes=True), "q2": Verdict(passes, "" if passes else "没有业绩证明")}
            reviewing.review(stage.actors[actor], lot, row.token, given, now)


def give(stage: BiddingStage, lot: str, closes_at: dt.datetime | None = None) -> Lot:
    with stage.act(write=False):
        sheet = result.sheet(tendering.lot_of(lot), closes_at)
    signed = {item.sha256: keys.b64(keys.sign(item.raw, stage.owner_key)) for item in sheet}
    with stage.act() as now:
        return result.give(stage.owner, lot, closes_at, signed, now)


def qualified(stage: BiddingStage, names: Sequence[str] = FOUR, fails: Sequence[str] = ()) -> str:
    """A lot that takes bids from those of `names` who did not fail."""
    lot = opened(stage)
    for name in names:
        apply(stage, lot, name)
    close(stage, lot)
    review(stage, lot, fails)
    give(stage, lot, stage.now + seconds(60))
    return lot


def joined(stage: BiddingStage, lead: str, members: Sequence[str]) -> str:
    """A complete consortium, as a party."""
    every = [stage.bidder_of(name) for name in (lead, *members)]
    declared = Declaration(f"{lead}联合体", [one.actor.uscc for one in every], canonical.sha(lead.encode()))
    with stage.act() as now:
        found = consortia.declare(every[0].actor, declared, now)
        code, statement = found.code, found.statement.encode()
    for one in every:
        with stage.act() as now:
            consortia.confirm(one.actor, code, Confirmation(keys.sign(statement, one.key), one.cert), now)
    return f"consortium:{code}"


def _expert(stage: BiddingStage, name: str, uscc: str) -> None:
    with stage.act() as now:
        actor = _actor(name, OrgKind.EXPERT_POOL, Role.EXPERT, uscc)
        person = db.session.get_one(Person, actor.person_id)
        organization = db.session.get_one(Organization, actor.organization_id)
        grants.add_grant(person, organization, Role.EXPERT, None, now)
        stage.actors[name] = actor


def seated(stage: BiddingStage, lot: str, experts: int = 5) -> list[str]:
    """A committee of experts, by the names under which they act."""
    names = [f"expert{number}" for number in range(1, experts + 1)]
    for number, name in enumerate(names, 1):
        if name not in stage.actors:
            _expert(stage, name, f"1235010048875{number:04d}X")
    with stage.act() as now:
        committee.seat(stage.actors["operator"], lot, [f"{name}-login" for name in names], now)
    return names
