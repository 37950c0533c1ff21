"""Corrected prices: computed again from what was read, asked in those words, and confirmed by the bidder's own signature (G31)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from evaluation.arithmetic import rules, statements
from evaluation.prices import Bid, Correction
from kernel import canonical, keys, money
from kernel.errors import Words
from supervision import facts
from supervision.review_facts import ClarificationAsked, PriceAnswered
from verifier.case import LotCase, key_of, short
from verifier.claims import Section, not_due, one
from verifier.opening import Read
from verifier.receipts import Disclosed

TOPIC = "corrections"
Told = Mapping[str, Any]


def corrected(bids: Sequence[Bid], told: Told | None) -> list[Bid]:
    """The bids with the corrections that the published result tells of."""
    found = {row["bid_id"]: _correction(row) for row in _rows(told)}
    return [replace(bid, correction=found.get(bid.bid_id)) for bid in bids]


def prices(lot: LotCase, read: list[Read], told: Told | None) -> dict[str, str]:
    """By bid, what its bidder is held to: as opened, or as corrected and confirmed."""
    opened = [Bid(row.bid_id, row.sheet.price) for row in read if row.sheet is not None]
    known = {} if rules.rule_of(lot.case.pack) is None else told
    return {bid.bid_id: money.wire(bid.binding) for bid in corrected(opened, known) if bid.binding is not None}


def corrections(lot: LotCase, told: Told | None, read: list[Read], disclosed: list[Disclosed]) -> Section[None]:
    """Nothing where no price was corrected, and nobody was asked to confirm one."""
    results = [index for index, _ in lot.logged(facts.ResultPublished)]
    before = [row.fact for row in disclosed if results and row.index < results[-1]]
    asked = {
        fact.bid_id: fact for fact in before if isinstance(fact, ClarificationAsked) and fact.about == "arithmetic"
    }
    rows = _rows(told)
    if told is None or not (rows or asked):
        return
    if not asked and not any(isinstance(row.fact, facts.ScoreSheet) for row in disclosed):
        yield not_due(TOPIC, "报价修正的往来在定标后公开", "what was asked and answered is shown with the award")
        return
    answers = {fact.bid_id: fact for fact in before if isinstance(fact, PriceAnswered)}
    opened = {row.bid_id: row.sheet.price for row in read if row.sheet is not None}
    faults = [fault for row in rows for fault in _faults(lot, row, opened, (asked, answers))]
    if rules.rule_of(lot.case.pack) is None or set(asked) != {row["bid_id"] for row in rows}:
        faults.append(
            Words("结果所载的修正与要求确认的不一致", "the result tells of other corrections than were asked")
        )
    good = Words(
        f"{len(rows)} 项，逐项重新计算，投标人签名有效", f"{len(rows)} computed again, each by its bidder's word"
    )
    yield from one(TOPIC, faults, good)


def _faults(
    lot: LotCase,
    row: Told,
    opened: Mapping[str, Any],
    logged: tuple[Mapping[str, ClarificationAsked], Mapping[str, PriceAnswered]],
) -> Iterator[Words]:
    bid_id, found, price = row["bid_id"], _correction(row), opened.get(row["bid_id"])
    asked, answer = logged[0].get(bid_id), logged[1].get(bid_id)
    who = short(bid_id)
    if asked is None or not price:
        yield Words(f"{who}：日志中没有要求确认", f"{who}: nobody was asked to confirm this")
        return
    words = canonical.sha(rules.question(price, found.reading).encode())
    if (asked.number, asked.text_sha256) != (found.number, words):
        yield Words(f"{who}：要求确认的不是这一修正", f"{who}: the bidder was asked to confirm another correction")
    said = statements.Asked(lot.code, bid_id, found.number, price, found.reading)
    if found.confirmed != _confirmed(said, answer):
        yield Words(f"{who}：投标人所签与结果不符", f"{who}: the bidder signed something else than the result says")


def _confirmed(said: statements.Asked, answer: PriceAnswered | None) -> bool:
    """By a good signature over these very prices; silence and any other paper confirm nothing."""
    if answer is None or answer.signed.raw != statements.encode(said, confirms=True):
        return False
    return answer.signed.signed_by(key_of(keys.unb64(answer.cert)))


def _rows(told: Told | None) -> list[Told]:
    return [] if told is None else list(told.get("corrections", []))


def _correction(row: Told) -> Correction:
    return Correction(int(row["number"]), rules.read(row["reading"]), confirmed=row["confirmed"] is True)
