"""From the candidates to the winner: public view for the law's time, then the first in rank who has not given up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from accounts import records
from accounts.actor import Actor
from accounts.roles import Part, Role
from kernel import canonical, clock, keys, money
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Conflict, Forbidden, Invalid, TooEarly
from kernel.law import holds
from kernel.statements import Signed
from supervision import facts, log
from tendering import limits, packs, publishing, rules, statements, timetable, visibility
from tendering.agreement import reading as agreement
from tendering.lifecycle import move
from tendering.models import Lot
from tendering.objections import stays
from tendering.packs import Kind, Pack
from tendering.states import CLOCK, LotEvent, LotState


@dataclass(frozen=True)
class Candidate:
    """A ranked bid, as the published result names it; the price on the wire (`21846300.00`)."""

    bid_id: str
    manifest_sha256: str
    bidder: str
    price: str


def start_publicity(actor: Actor, lot: Lot, ranking: Sequence[Candidate], now: dt.datetime) -> dt.datetime:
    """Put the candidates, the first of the ranking, on public view; returns when the view has lasted its time (C49, G37)."""
    visibility.check_project(lot.tender, actor, Role.OWNER)
    if lot.tender.method in packs.OFFERS:
        zh, en = "出让（转让）不公示候选人，按结果成交。", "A sale shows no candidates: it is dealt by its result."
        raise Conflict("publicity.sale", zh, en, rule=_pack(lot).clause("deal_confirmation"))
    if not ranking:
        raise Invalid(
            "publicity.nobody", "没有中标候选人。", "There is no candidate.", rule="《招标投标法实施条例》第五十四条"
        )
    agreement.check_agreed(lot)
    candidates = rules.candidates_of(_pack(lot), ranking)
    until = timetable.publicity_until(_pack(lot), now)
    move(
        lot,
        LotEvent.START_PUBLICITY,
        actor,
        now,
        [f"publicity: {until.rule.cited}"],
        publicity_from=now,
        publicity_until=until.at,
        ranking=[_on_view(lot, candidate) for candidate in candidates],
    )
    log.append(facts.PublicityStarted(lot=lot.code, ends_at=rfc3339(timetable.whole(until.at))))
    return until.at


def _on_view(lot: Lot, candidate: Candidate) -> dict[str, Any]:
    """At the price it bid, or for a single source at the one agreed with it (N12.team)."""
    agreed = agreement.price(lot)
    return asdict(candidate if agreed is None else replace(candidate, price=money.wire(agreed)))


def give_up(actor: Actor, lot: Lot, bid_id: str, reason: str, now: dt.datetime) -> Lot:
    """Record that a candidate gave up or cannot perform, so that the next in rank may be chosen (C51)."""
    visibility.check_project(lot.tender, actor, Role.OWNER)
    actor.take_part(Part.SIGN)
    rule = _pack(lot).the(Kind.RANK_ORDER, "award").cited
    if lot.state != LotState.PUBLICITY or bid_id not in _ranked(lot):
        raise Conflict("award.not_candidate", "不是公示中的候选人。", "Not a candidate on public view.", rule=rule)
    if len(reason.strip()) < 4:
        raise Invalid("award.reason", "请写明原因。", "Give the reason.", rule=rule, fields={"reason": "length"})
    lot.given_up = {**lot.given_up, bid_id: reason.strip()[:2000]}
    db.session.flush()
    records.acted(actor, "candidate.gave_up", now, lot=lot.code)
    publishing.queue(lot.tender.code)
    return lot


def award_statement(lot: Lot, bid_id: str) -> statements.ToSign:
    """What the owner signs to choose this candidate."""
    return statements.award(lot.code, _candidate(lot, bid_id))


def award(actor: Actor, lot: Lot, signed: Signed, now: dt.datetime) -> Lot:
    """The owner's signed choice: after the publicity, in rank order where the law asks for it (C49, C51, G36)."""
    visibility.check_project(lot.tender, actor, Role.OWNER)
    actor.take_part(Part.SIGN)
    content = statements.read(signed, statements.AWARD, lot.code, ("bid_id", "manifest_sha256", "bidder", "price"))
    if not signed.signed_by(keys.parse((lot.fact_keys or {})["owner"])):
        raise Forbidden(
            "statement.other_key",
            "签名不是本标段密钥组中招标人的密钥所作。",
            "The signature is not by the owner's key of this lot's keyset.",
            rule="sealing.md 1.1 fact_keys",
        )
    _check_may_award(lot, content["bid_id"], now)
    if signed.raw != award_statement(lot, content["bid_id"]).raw:
        raise Invalid(
            "award.other_terms",
            "所签定标内容与公示的候选人不一致。",
            "The signed award is not the candidate as publicized.",
            rule=_pack(lot).the(Kind.RANK_ORDER, "award").cited,
        )
    guards = ["publicity over", "rank order"]
    values = {"award": signed.raw, "award_sig": keys.b64(signed.sig)}
    _enter(lot, actor, content["bid_id"], now, guards=guards, **values)
    records.acted(actor, "lot.award_signed", now, lot=lot.code, cert_sha256=canonical.sha(lot.tender.cert or b""))
    return lot


@holds("report_received:award")
def deemed_award(lot: Lot, now: dt.datetime) -> Lot:
    """The law's answer to the purchaser's silence: the first-ranked counts as chosen (G36). By the clock only."""
    due = decide_by(lot)
    if due is None or now < due.at:
        raise TooEarly(
            "award.not_deemed",
            "视同确定的期限未到。",
            "The owner's time to decide is not over.",
            rule=due.rule.cited if due else "财政部令第87号 第六十八条",
        )
    first = first_standing(lot)
    if first is None:
        raise Conflict(
            "award.nobody", "没有可以确定的候选人。", "No candidate is left to be chosen.", rule=due.rule.cited
        )
    _check_may_award(lot, first, now)
    _enter(lot, CLOCK, first, now, guards=[f"deemed: {due.rule.cited}"])
    return lot


def first_standing(lot: Lot) -> str | None:
    """The first in rank who has not given up and may still win a lot of this tender."""
    passed = limits.passed_over(lot)
    return next((bid for bid in _ranked(lot) if bid not in lot.given_up and bid not in passed), None)


def decide_by(lot: Lot) -> timetable.Earliest | None:
    """When the law decides for the owner; None where it never does, or before the candidates are public."""
    if lot.publicity_from is None:
        return None
    due = timetable.decide_by(_pack(lot), lot.publicity_from)
    if due is None:
        return None
    return replace(due, at=due.at + stays.stood_still(lot, lot.publicity_from, clock.now()))


def _check_may_award(lot: Lot, bid_id: str, now: dt.datetime) -> None:
    pack = _pack(lot)
    if lot.state != LotState.PUBLICITY:
        raise Conflict(
            "award.wrong_state",
            "标段不在公示阶段，不能定标。",
            "The lot's candidates are not on public view.",
            rule="rules.md 5.3 T23",
            state=lot.state,
        )
    agreement.check_agreed(lot)
    over = pack.find(Kind.MIN_INTERVAL, "publicity_ends")[0]
    rules.check_publicity_over(lot.publicity_until, now, over.cited)
    free = pack.trade == "construction" and not lot.tender.draft.get("state_funded", True)
    passed = limits.check(lot, bid_id)
    rules.check_rank(pack, _ranked(lot), bid_id, _ranked(lot) if free else [*lot.given_up, *passed])


def _enter(lot: Lot, by: Any, bid_id: str, now: dt.datetime, *, guards: list[str], **values: Any) -> None:
    candidate = _candidate(lot, bid_id)
    move(lot, LotEvent.AWARD, by, now, guards, awarded_bid=bid_id, awarded_at=now, **values)
    log.append(facts.Award(lot=lot.code, **candidate))


def _candidate(lot: Lot, bid_id: str) -> dict[str, Any]:
    found = next((row for row in lot.ranking or [] if row["bid_id"] == bid_id), None)
    if found is None:
        raise Invalid(
            "award.not_candidate",
            "所选投标不在中标候选人之列。",
            "The chosen bid is not among the candidates.",
            rule=_pack(lot).the(Kind.RANK_ORDER, "award").cited,
        )
    return found


def _ranked(lot: Lot) -> list[str]:
    return [row["bid_id"] for row in lot.ranking or []]


def _pack(lot: Lot) -> Pack:
    return packs.load(lot.tender.pack_id)
