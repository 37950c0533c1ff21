"""The end of applications to buy: as the notice said, only ever later, and each move by the rule it names (P06, T09)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kernel.clock import parse_rfc3339, rfc3339
from kernel.errors import Words
from supervision import facts
from supervision.offer_facts import ListingMoved
from tendering.offers import terms as sale
from tendering.offers.rules import extended_until
from tendering.states import LotEvent
from verifier.case import LotCase
from verifier.claims import Section, one

TOPIC = "listing"


def moves(lot: LotCase) -> Section[None]:
    """Every move of the end of applications; nothing where no notice of a sale states one."""
    stated = _stated(lot)
    if not sale.is_offer(lot.case.pack) or not stated.get("applications_due"):
        return
    due, logged = lot.told.get("applications_due"), lot.logged(ListingMoved)
    good = Words(f"申请截止 {due}，顺延 {len(logged)} 次", f"applications due {due}, moved {len(logged)} times")
    yield from one(TOPIC, list(_faults(lot, stated, str(due))), good)


def _stated(lot: LotCase) -> Mapping[str, Any]:
    rows = [row.get("sale") for row in lot.case.notice["lots"] if row["lot"] == lot.code]
    found: Mapping[str, Any] = (rows and rows[0]) or {}
    return found


def _faults(lot: LotCase, stated: Mapping[str, Any], shown: str) -> Iterator[Words]:
    standing, times = str(stated["applications_due"]), 0
    for index, fact in lot.logged(ListingMoved):
        if _instant(fact.was) != _instant(standing) or fact.now < fact.was:
            yield Words(f"第 {index} 条的申请截止前后不符", f"entry {index} does not move on from what stood")
        times += fact.cause == "extended"
        yield from _extended_faults(lot, index, fact) if fact.cause == "extended" else _resumed_faults(lot, index)
        standing = fact.now
    if times > (stated.get("extensions") or 0):
        yield Words("延长次数超过公告", "extended more often than the notice announced")
    if _instant(shown) != _instant(standing):
        yield Words("平台所示申请截止与日志不同", "the portal shows another end of applications than the log")
    yield from _ended_faults(lot, standing)


def _extended_faults(lot: LotCase, index: int, fact: ListingMoved) -> Iterator[Words]:
    """By exactly the law's period from the moment at which nobody had come."""
    rule = sale.extension(lot.case.pack)
    if rule is None or fact.at < fact.was:
        yield Words(f"第 {index} 条无依据延长或者提前延长", f"entry {index} extends without a rule, or before the end")
        return
    due = extended_until(rule, parse_rfc3339(fact.was), parse_rfc3339(fact.at))
    if fact.now != rfc3339(due):
        yield Words(f"第 {index} 条的延长不是法定周期", f"entry {index} does not extend by the law's period")


def _resumed_faults(lot: LotCase, index: int) -> Iterator[Words]:
    """Together with a resumption, never by itself."""
    stopped, resumed = lot.logged(facts.Suspended), lot.logged(facts.Resumed)
    if not any(place < index for place, _ in stopped) or not any(abs(place - index) <= 1 for place, _ in resumed):
        yield Words(f"第 {index} 条顺延时并未恢复", f"entry {index} moves the end without a resumption")


def _ended_faults(lot: LotCase, standing: str) -> Iterator[Words]:
    """Nobody is turned away, and no price is made, before applications end."""
    for event in (LotEvent.TAKERS, LotEvent.NO_TAKER, LotEvent.BIDDING):
        found = lot.happened(event)
        if found is not None and _instant(found.at) < _instant(standing):
            yield Words("申请截止之前即结束披露（挂牌）", "the listing ended before applications did")


def _instant(text: str) -> str:
    """One spelling of a moment."""
    return rfc3339(parse_rfc3339(text))
