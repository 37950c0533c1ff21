"""When the winner gives up or cannot perform: the award is undone and the next in rank may be chosen (C51, T24)."""

from __future__ import annotations

import datetime as dt

from accounts import records
from accounts.actor import Actor
from accounts.roles import Part, Role
from kernel.clock import rfc3339
from kernel.errors import Conflict, Invalid
from kernel.law import holds
from supervision import contract_facts, facts, log
from tendering import limits, packs, visibility
from tendering.contracts import course
from tendering.contracts.rules import standing
from tendering.lifecycle import move
from tendering.models import Lot
from tendering.states import LotEvent, LotState

RULE = "《招标投标法实施条例》第五十五条；《政府采购法实施条例》第四十九条"
GROUNDS = ("gave_up", "force_majeure", "no_bond", "unlawful", "incapable")
"""Why a winner is passed over: the heads of 条例 art. 55."""


@holds("T24")
def drop_winner(actor: Actor, lot: Lot, ground: str, reason: str, now: dt.datetime) -> Lot:
    """Undo the award for a ground of the law, open to all; the supervising authority sees it in the log at once."""
    visibility.check_project(lot.tender, actor, Role.OWNER)
    actor.take_part(Part.SIGN)
    bid_id = _awarded(lot)
    _check_ranked(lot)
    _check_reason(ground, reason)
    round_, since = course.round_of(lot.code), now
    values = {"awarded_bid": None, "awarded_at": None, "award": None, "award_sig": None, "publicity_from": since}
    lot.given_up = {**lot.given_up, bid_id: f"{ground}: {reason.strip()}"[:2000]}
    move(lot, LotEvent.NEXT_CANDIDATE, actor, now, [f"ground: {ground}"], **values)
    log.append(
        contract_facts.CandidateDropped(
            lot=lot.code, round=round_, bid_id=bid_id, reason=f"{ground}: {reason.strip()}"[:2000], at=rfc3339(now)
        )
    )
    records.acted(actor, "award.undone", now, lot=lot.code)
    fail_without_candidate(actor, lot, now)
    return lot


def fail_without_candidate(actor: Actor, lot: Lot, now: dt.datetime) -> bool:
    """Every candidate has given up: the lot fails and may be tendered again; whether it did."""
    ranked = [row["bid_id"] for row in lot.ranking or []]
    if (
        lot.state != LotState.PUBLICITY
        or not ranked
        or next(standing(ranked, [*lot.given_up, *limits.passed_over(lot)]), None) is not None
    ):
        return False
    move(lot, LotEvent.NO_CANDIDATE, actor, now, ["no candidate left"])
    law = packs.load(lot.tender.pack_id).clause("award") or RULE
    log.append(facts.TenderFailed(lot=lot.code, reason="no_candidate", law=law))
    return True


def _awarded(lot: Lot) -> str:
    if lot.state != LotState.AWARDED or lot.awarded_bid is None:
        raise Conflict(
            "award.not_standing",
            "标段没有待签合同的中标人。",
            "No award waits for its contract.",
            rule=RULE,
            state=lot.state,
        )
    return lot.awarded_bid


def _check_ranked(lot: Lot) -> None:
    """Conflict where nobody stands behind the winner: a sale's deal falls, and the lot is put up anew."""
    if lot.tender.method in packs.OFFERS:
        raise Conflict(
            "award.no_rank",
            "土地、产权等交易没有下一名：成交失效后重新披露或者出让。",
            "A sale has no next in rank: the deal falls, and the lot is put up again.",
            rule=packs.load(lot.tender.pack_id).clause("deal_fallen"),
        )


def _check_reason(ground: str, reason: str) -> None:
    if ground not in GROUNDS:
        raise Invalid(
            "award.ground", "请选择法定原因。", "Choose a ground of the law.", rule=RULE, fields={"ground": "choice"}
        )
    if not 4 <= len(reason.strip()) <= 2000:
        raise Invalid(
            "award.reason", "请写明原因（4 至 2000 字）。", "Give the reason in 4 to 2000 characters.",
            rule=RULE, fields={"reason": "length"},
        )  # fmt: skip
