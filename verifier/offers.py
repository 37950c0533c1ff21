"""A sale done over: who buys at what price by the law's rule, the reserve behind the notice, and both signatures (A3, A4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kernel import canonical, clock, keys, money
from kernel.errors import Words
from kernel.money import Fen
from supervision import facts, offer_facts
from tendering import timetable
from tendering.offers.rules import Priced, best, least_price
from tendering.offers.terms import Way
from tendering.packs import OFFERS, Kind
from tendering.states import STILL_SHUT, LotEvent, LotState
from verifier.case import LotCase, key_of
from verifier.claims import Section, lie, not_due, one
from verifier.listed import Listed
from verifier.opening import Read

TYPE = "kaibiao-deal/1"
RESERVE = "kaibiao-reserve/1"
UNBOXED = (LotState.LISTING, LotState.BIDDING)


def is_sale(lot: LotCase) -> bool:
    return lot.case.pack.procedure in OFFERS


def without_box(lot: LotCase) -> bool:
    """Whether it ended, or stands, before any box was opened for sealed offers."""
    moves = [fact for _, fact in lot.logged(facts.StateChanged)]
    return is_sale(lot) and bool(moves) and all(LotState(fact.now) is not LotState.COLLECTING for fact in moves)


def sold(lot: LotCase) -> Fen | None:
    """The price of the deal; None where nothing is sold like this."""
    logged = lot.logged(offer_facts.DealStruck)
    return money.parse(logged[-1][1].price) if logged else None


def sale(lot: LotCase, found: Sequence[Listed], read: Sequence[Read], ranking: Sequence[str]) -> Section[None]:
    """From the offers to the signed confirmation. `ranking` are the committee's bids in rank order, where it judged."""
    yield from _reserve(lot)
    logged = lot.logged(offer_facts.DealStruck)
    if not logged:
        yield from _no_deal(lot)
        return
    fact = logged[-1][1]
    faults = [*_way_faults(lot, fact, [found, read, ranking]), *_least_faults(lot, fact)]
    words = Words(f"{fact.bidder}，{fact.price} 元（{fact.way}）", f"{fact.bidder} at CNY {fact.price}, by {fact.way}")
    yield from one("deal", faults, words)
    yield from _confirmed(lot, fact)
    yield from _fallen(lot)


def _stated(lot: LotCase) -> Mapping[str, Any]:
    """The sale's terms in the signed notice."""
    found: Mapping[str, Any] = next(row["sale"] for row in lot.case.notice["lots"] if row["lot"] == lot.code)
    return found


def _floor(lot: LotCase) -> Fen | None:
    floor = _stated(lot)["floor"]
    return money.parse(floor) if floor else None


def _reserve_price(lot: LotCase) -> Fen | None:
    logged = lot.logged(offer_facts.ReserveOpened)
    return money.parse(logged[-1][1].amount) if logged else None


def _reserve(lot: LotCase) -> Section[None]:
    """What was opened is what the signed notice committed to, and was opened once offers were known (L04)."""
    committed = _stated(lot)["reserve_sha256"]
    logged = lot.logged(offer_facts.ReserveOpened)
    if not committed and not logged:
        return
    if not logged:
        yield not_due("reserve", "标底（底价）尚未启封", "the reserve is not opened yet")
        return
    index, fact = logged[-1]
    opened = canonical.sha(canonical.encode({"type": RESERVE, "amount": fact.amount, "nonce": fact.nonce}))
    faults = []
    if len(logged) > 1 or opened != committed or fact.commitment != committed:
        faults.append(Words("启封的标底（底价）不是公告所承诺的", "the reserve is not the one the notice committed to"))
    shut = [LotState(move.now) for at, move in lot.logged(facts.StateChanged) if at < index]
    if not shut or (shut[-1] in STILL_SHUT and shut[-1] is not LotState.BIDDING):
        faults.append(Words("报价公开之前启封了标底（底价）", "the reserve was opened before offers were known"))
    yield from one("reserve", faults, Words(f"底价 {fact.amount} 元，与承诺相符", f"CNY {fact.amount}, as committed"))


def _way_faults(lot: LotCase, fact: offer_facts.DealStruck, given: Sequence[Sequence[Any]]) -> Iterator[Words]:
    """That this offer, and no other, buys by the rule of its way."""
    found, read, ranking = given
    match Way(fact.way):
        case Way.CONTEST:
            yield from _contest_faults(lot, fact, found, read)
        case Way.COMMITTEE:
            yield from _committee_faults(lot, fact, read, ranking)
        case Way.ON_SITE:
            yield from _on_site_faults(lot, fact)
        case Way.ONE_TAKER:
            if lot.happened(LotEvent.TAKERS) is not None:
                yield Words("有多个受让方却按一个成交", "called one taker, although a contest had begun")


def _contest_faults(
    lot: LotCase, fact: offer_facts.DealStruck, found: Sequence[Listed], read: Sequence[Read]
) -> Iterator[Words]:
    """The highest, of equals the first receipt (P08, L10)."""
    place = {one.manifest.bid_id: (one.receipt.fact.received_at, one.entry.index) for one in found}
    priced = [(one_bid.bid_id, one_bid.sheet.price) for one_bid in read if one_bid.sheet and one_bid.sheet.price]
    order = sorted(priced, key=lambda row: place[row[0]])
    won = best([Priced(bid_id, price) for bid_id, price in order], least_price(_floor(lot), None))
    if won is None or (won.token, money.wire(won.price)) != (fact.bid_id, fact.price):
        yield Words("成交的不是最高报价（同价先到者）", "not the highest offer, or of equals not the first, buys")


def _committee_faults(
    lot: LotCase, fact: offer_facts.DealStruck, read: Sequence[Read], ranking: Sequence[str]
) -> Iterator[Words]:
    """The first in rank whose sealed price reaches floor and base price."""
    least = least_price(_floor(lot), _reserve_price(lot))
    price = {one_bid.bid_id: one_bid.sheet.price for one_bid in read if one_bid.sheet and one_bid.sheet.price}
    first = next((bid_id for bid_id in ranking if price.get(bid_id, Fen(0)) >= least), None)
    if fact.bid_id != first or money.wire(price[fact.bid_id]) != fact.price:
        yield Words("成交的不是评审排名最先且不低于标底的投标", "not the first in rank at or above the base price buys")
    if _stated(lot)["reserve_sha256"] and _reserve_price(lot) is None:
        yield Words("标底未启封即成交", "dealt before the base price was opened")


def _on_site_faults(lot: LotCase, fact: offer_facts.DealStruck) -> Iterator[Words]:
    """The highest called at or above the reserve, by what two sides entered (L09, L10, P13)."""
    logged = lot.logged(offer_facts.SaleOnSite)
    if not logged:
        yield Words("日志中没有现场结果", "the log holds no outcome of the sale on site")
        return
    won = _best_called(lot, logged[-1][1])
    if won is None or (won.token, money.wire(won.price)) != (fact.bid_id, fact.price):
        yield Words("成交的不是现场最高报价", "not the highest called on site buys")


def _best_called(lot: LotCase, fact: offer_facts.SaleOnSite) -> Priced | None:
    calls = [Priced(quote.by, money.parse(quote.price)) for quote in fact.quotes]
    return best(calls, least_price(_floor(lot), _reserve_price(lot)))


def _least_faults(lot: LotCase, fact: offer_facts.DealStruck) -> Iterator[Words]:
    if money.parse(fact.price) < least_price(_floor(lot), _reserve_price(lot)):
        yield Words("成交价低于底价", "sold below floor or reserve")


def _no_deal(lot: LotCase) -> Section[None]:
    """Not dealt yet, or ended: on site only where nobody reached the reserve."""
    ended = [event for event in (LotEvent.NO_TAKER, LotEvent.NO_DEAL) if lot.happened(event) is not None]
    if not ended:
        yield not_due("deal", "尚未成交", "no deal yet")
        return
    logged = lot.logged(offer_facts.SaleOnSite)
    faults = []
    if logged and _best_called(lot, logged[-1][1]) is not None:
        faults.append(Words("有报价达到底价，却按未成交处理", "called unsold, although an offer reached the reserve"))
    if not lot.logged(facts.TenderFailed):
        faults.append(Words("日志中没有未成交的原因", "ended without a reason in the log"))
    yield from one("deal", faults, Words("未成交，原因在日志中", "no deal, with its reason in the log"))


def _confirmed(lot: LotCase, fact: offer_facts.DealStruck) -> Section[None]:
    """Both sides signed these very words (L13), and the result stays public for the law's time (P11)."""
    logged = lot.logged(offer_facts.DealConfirmed)
    if not logged:
        yield not_due("confirmation", "成交确认书尚未签署", "the confirmation is not signed yet")
        return
    signed = logged[-1][1]
    raw = keys.unb64(signed.file)
    said = canonical.decode(raw)
    faults = [*_said_faults(lot, fact, said)]
    if not keys.verified(keys.unb64(signed.sig_owner), raw, keys.parse(lot.keyset.fact_keys.owner)):
        faults.append(Words("成交确认书没有出让人（转让方）的有效签名", "not signed by the seller's key"))
    if not keys.verified(keys.unb64(signed.sig_winner), raw, key_of(keys.unb64(signed.winner_cert))):
        faults.append(Words("成交确认书没有受让方的有效签名", "not signed by the buyer's key"))
    faults += _public_faults(lot, signed)
    yield from one("confirmation", faults, Words("双方签名无误，结果已公布", "signed by both sides, and public"))


def _said_faults(lot: LotCase, fact: offer_facts.DealStruck, said: Mapping[str, Any]) -> Iterator[Words]:
    """As dealt; only a shareholder with pre-emption may stand in the buyer's place, at the same price (P12)."""
    awards = [row for _, row in lot.logged(facts.Award)]
    if not awards or (awards[-1].bid_id, awards[-1].price) != (said["bid_id"], said["price"]):
        yield Words("成交确认书与公布的成交结果不同", "the confirmation is not the deal as announced")
    preempted = any(row.by == said["bidder"] for _, row in lot.logged(offer_facts.PreemptionSettled))
    if (said["type"], said["lot"], said["price"]) != (TYPE, lot.code, fact.price):
        yield Words("成交确认书的标的或价格与成交不同", "the confirmation names another lot or price")
    if said["bid_id"] != fact.bid_id and not preempted:
        yield Words("成交确认书的受让方与成交不同", "the confirmation names another buyer")


def _public_faults(lot: LotCase, signed: offer_facts.DealConfirmed) -> Iterator[Words]:
    for rule in lot.case.pack.find(Kind.MIN_INTERVAL, "publicity_ends"):
        least = timetable.calendar().reaches(rule, clock.parse_rfc3339(signed.at))
        if signed.public_until is None or clock.parse_rfc3339(signed.public_until) < least:
            yield Words(f"结果公告期短于 {rule.cited} 的要求", f"the result is public for less than {rule.cited} asks")


def _fallen(lot: LotCase) -> Section[None]:
    """A deal that fell did so with a reason in the log."""
    if lot.happened(LotEvent.NO_DEAL) is None:
        return
    if not lot.logged(offer_facts.DealFallen):
        yield lie("fallen", "成交失效没有记录原因", "the deal fell without a reason in the log")
        return
    reason = lot.logged(offer_facts.DealFallen)[-1][1]
    yield from one("fallen", [], Words(f"成交失效：{reason.reason}", f"the deal fell as {reason.law} allows"))
