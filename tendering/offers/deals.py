"""The deal: struck by rule, confirmed by both sides' signatures, public from then on; or fallen, with its reason (A3, A4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from accounts import certificates, records
from accounts.actor import Actor
from accounts.roles import Part, Role
from kernel import canonical, keys, money
from kernel.clock import rfc3339
from kernel.db import db
from kernel.errors import Conflict, Forbidden, Invalid, NotFound, Words
from kernel.law import holds
from kernel.money import Fen
from kernel.statements import Signed
from supervision import facts, log, offer_facts
from tendering import drafts, timetable, visibility
from tendering.contracts import messages
from tendering.contracts.messages import Told
from tendering.lifecycle import By, move
from tendering.models import Lot
from tendering.offers import applications
from tendering.offers.applications import deal_law, pack_of, terms_of
from tendering.offers.models import Deal, OfferApplication, Reserve
from tendering.offers.terms import Preemption, Way
from tendering.packs import Kind
from tendering.statements import ToSign
from tendering.states import LotEvent, LotState

DEAL = "kaibiao-deal/1"


@dataclass(frozen=True)
class Winner:
    """Who buys: its organization, and the bid or application by which it offered."""

    organization: int
    bid_id: str
    manifest_sha256: str
    bidder: str
    price: Fen

    def row(self) -> dict[str, str]:
        """As a row of the lot's ranking."""
        return {
            "bid_id": self.bid_id, "manifest_sha256": self.manifest_sha256, "bidder": self.bidder, "price": money.wire(self.price),
        }  # fmt: skip


def law(lot: Lot) -> str:
    pack = pack_of(lot)
    return pack.clause("deal_confirmation") or deal_law(pack)


def of(lot: Lot) -> Deal | None:
    return db.session.scalar(select(Deal).where(Deal.lot_id == lot.id).execution_options(populate_existing=True))


def reserve_of(lot: Lot) -> Fen | None:
    """The reserve price once it is open; None before, and where there is none."""
    found = db.session.scalar(select(Reserve).where(Reserve.lot_id == lot.id, Reserve.opened_at.is_not(None)))
    return Fen(found.amount_fen) if found is not None else None


def check_reserve_open(lot: Lot) -> None:
    """Conflict while the notice's commitment to a reserve is not opened: until then nobody can say who buys."""
    if terms_of(lot).reserve_sha256 and reserve_of(lot) is None:
        zh, en = "标底（底价）尚未由两人启封。", "The reserve has not been opened by two persons yet."
        raise Conflict("reserve.sealed", zh, en, rule=pack_of(lot).clause("reserve") or law(lot))


@holds("A3", "A4")
def strike(lot: Lot, way: Way, winner: Winner, by: By, now: dt.datetime) -> Deal:
    """The lot is sold to `winner`: by a rule that the caller has asked, in one move with the deal's row and fact."""
    guards = [f"way: {way}", "price at or above floor and reserve"]
    values: dict[str, Any] = {"awarded_bid": winner.bid_id, "awarded_at": now, "ranking": [winner.row()]}
    move(lot, LotEvent.DEAL, by, now, guards, **values)
    made = Deal(
        lot_id=lot.id, organization_id=winner.organization, way=way, price_fen=winner.price, struck_at=now
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    floor, reserve = terms_of(lot).floor, reserve_of(lot)
    log.append(
        offer_facts.DealStruck(
            lot=lot.code,
            way=way,
            bid_id=winner.bid_id,
            bidder=winner.bidder,
            price=money.wire(winner.price),
            floor=None if floor is None else money.wire(floor),
            reserve=None if reserve is None else money.wire(reserve),
            at=rfc3339(now),
        )
    )
    return made


def fail(lot: Lot, event: LotEvent, reason: Words, by: By, now: dt.datetime) -> None:
    """No taker, or no deal: the lot may be put up again."""
    cited = deal_law(pack_of(lot))
    if event is LotEvent.NO_TAKER:
        cited = pack_of(lot).clause("applications_due.repeat") or cited
    move(lot, event, by, now, [reason.en], awarded_bid=None, awarded_at=None)
    log.append(facts.TenderFailed(lot=lot.code, reason=reason.zh, law=cited), lot=lot.code)


def statement(lot: Lot) -> ToSign:
    """What seller and winner sign: the confirmation of the deal (成交确认书)."""
    deal = needed(lot)
    row = (lot.ranking or [{}])[0]
    raw = canonical.encode(
        {"type": DEAL, "lot": lot.code, **row, "way": deal.way, "struck_at": rfc3339(deal.struck_at)}
    )  # fmt: skip
    words = Words(
        f"成交确认书：标的 {lot.name}（{lot.code}）由 {row['bidder']} 以 {money.figures(Fen(deal.price_fen))} 元（{money.words(Fen(deal.price_fen))}）成交。",
        f"Confirmation: {row['bidder']} buys {lot.name} ({lot.code}) at CNY {money.figures(Fen(deal.price_fen))}.",
    )
    return ToSign(DEAL, raw, words, lot.code)


def needed(lot: Lot) -> Deal:
    found = of(lot)
    if found is None or lot.state not in (LotState.DEAL, LotState.AWARDED):
        raise Conflict("deal.none", "没有待确认的成交。", "No deal waits.", rule=law(lot), state=lot.state)
    return found


def confirm(actor: Actor, lot: Lot, signed: Signed, cert_der: bytes, now: dt.datetime) -> Deal:
    """The winner signs the confirmation, by a certificate of its organization."""
    actor.act_as(Role.BIDDER)
    actor.take_part(Part.SIGN)
    deal = _open(lot)
    if deal.organization_id != actor.organization_id:
        raise NotFound("deal.not_yours", "没有待贵单位确认的成交。", "No deal waits for you.", rule=law(lot))
    _check_preemption(lot, deal)
    if signed.raw != statement(lot).raw or not signed.signed_by(certificates.signer(actor, cert_der, now)):
        raise _other_terms(lot)
    deal.file, deal.winner_sig, deal.winner_cert, deal.winner_at = signed.raw, keys.b64(signed.sig), cert_der, now
    records.acted(actor, "deal.confirmed", now, lot=lot.code, cert_sha256=canonical.sha(cert_der))
    return deal


@holds("L13.confirm", "deal_confirmation")
def sign(actor: Actor, lot: Lot, signed: Signed, now: dt.datetime) -> Deal:
    """The seller signs last: the deal stands, and its result is public (L13, P11)."""
    visibility.check_project(lot.tender, actor, Role.OWNER)
    actor.take_part(Part.SIGN)
    deal = _open(lot)
    check_signed(lot)
    if signed.raw != deal.file:
        raise _other_terms(lot)
    _check_owner_key(lot, signed)
    deal.owner_sig, deal.owner_at = keys.b64(signed.sig), now
    _announce(actor, lot, deal, signed, now)
    records.acted(actor, "deal.signed", now, lot=lot.code)
    return deal


def check_signed(lot: Lot) -> None:
    """Conflict while the winner has not signed."""
    deal = of(lot)
    if deal is None or deal.winner_sig is None:
        zh, en = "竞得人（受让方）尚未签署成交确认书。", "The winner has not signed the confirmation yet."
        raise Conflict("deal.unconfirmed", zh, en, rule=law(lot))


@holds("deal:result_announced", "result_announced:publicity_ends")
def _announce(actor: Actor, lot: Lot, deal: Deal, signed: Signed, now: dt.datetime) -> None:
    """With the second signature the result is announced, and stays so for the law's time (P11)."""
    pack = pack_of(lot)
    until = timetable.publicity_until(pack, now).at if pack.find(Kind.MIN_INTERVAL, "publicity_ends") else None
    signs = {"award": signed.raw, "award_sig": deal.owner_sig, "publicity_from": now, "publicity_until": until}
    move(lot, LotEvent.AWARD, actor, now, ["both sides signed"], **signs)
    assert deal.winner_sig is not None
    assert deal.winner_cert is not None
    assert deal.owner_sig is not None
    log.append(facts.Award(lot=lot.code, **(lot.ranking or [])[0]))
    log.append(
        offer_facts.DealConfirmed(
            lot=lot.code,
            file=keys.b64(signed.raw),
            sig_owner=deal.owner_sig,
            sig_winner=deal.winner_sig,
            winner_cert=keys.b64(deal.winner_cert),
            public_until=rfc3339(timetable.whole(until)) if until is not None else None,
            at=rfc3339(now),
        )
    )
    if deal.way != Way.COMMITTEE:
        messages.send(lot, _told(lot, deal), now)


def _told(lot: Lot, deal: Deal) -> Sequence[Told]:
    """The buyer and every other confirmed applicant, each by a message of its own."""
    assert lot.awarded_bid is not None
    rest = [
        row for row in applications.in_state(lot, applications.CONFIRMED) if row.organization_id != deal.organization_id
    ]
    own = Told(lot.awarded_bid, deal.organization_id, {"standing": "bought"})
    return [own, *(Told(row.token, row.organization_id, {"standing": "not_bought"}) for row in rest)]


@holds("P12", "preemption")
def _check_preemption(lot: Lot, deal: Deal) -> None:
    """Where the notice reserves the shareholders' pre-emption, it is settled before anybody signs (P12)."""
    if terms_of(lot).preemption is Preemption.RESERVED and deal.preemption is None:
        zh, en = "原股东优先购买权的行使情况尚未记录。", "It is not recorded yet whether a shareholder takes the price."
        raise Conflict("deal.preemption", zh, en, rule=pack_of(lot).clause("preemption"))


@holds("P12", "preemption")
def settle_preemption(actor: Actor, lot: Lot, token: str, document: str, now: dt.datetime) -> Deal:
    """Record that a shareholder takes the deal at its price (`token` of its confirmed application), or that none does."""
    visibility.check_project(lot.tender, actor, Role.OWNER)
    actor.take_part(Part.SIGN)
    deal = _open(lot)
    cited = pack_of(lot).clause("preemption")
    if (
        terms_of(lot).preemption is not Preemption.RESERVED
        or deal.winner_sig is not None
        or deal.preemption is not None
    ):
        zh, en = "现在不能记录优先购买权。", "Pre-emption is not recorded now."
        raise Conflict("preemption.closed", zh, en, rule=cited)
    if len(document.strip()) < applications.LEAST:
        zh, en = "请填写行使或者放弃的书面文件。", "Name the paper by which it was exercised or given up."
        raise Invalid("preemption.document", zh, en, rule=cited, fields={"document": "length"})
    by = _shareholder(lot, token) if token else None
    if by is not None:
        lot.ranking, lot.awarded_bid, deal.organization_id = [by.row()], by.bid_id, by.organization
    deal.preemption = document.strip()[:500]
    name = by.bidder if by is not None else None
    log.append(offer_facts.PreemptionSettled(lot=lot.code, by=name, document=deal.preemption, at=rfc3339(now)))
    db.session.flush()
    records.acted(actor, "preemption.settled", now, lot=lot.code)
    return deal


def _shareholder(lot: Lot, token: str) -> Winner:
    """The confirmed applicant of that token who declared itself a shareholder, at the price of the deal."""
    found = [
        row
        for row in applications.in_state(lot, applications.CONFIRMED)
        if row.token == token and row.said["shareholder"]
    ]
    if not found:
        zh, en = "该申请人不是已确认的原股东。", "This is not a shareholder who was confirmed."
        raise Invalid("preemption.stranger", zh, en, rule=pack_of(lot).clause("preemption"), fields={"token": "choice"})
    return applicant(found[0], Fen(needed(lot).price_fen))


def applicant(row: OfferApplication, price: Fen) -> Winner:
    """An application as a winner: its token stands for the bid, its hash for the manifest."""
    return Winner(row.organization_id, row.token, row.sha256, drafts.organization(row.organization_id).name, price)


@holds("deal_fallen")
def fall(actor: Actor, lot: Lot, reason: str, now: dt.datetime) -> Lot:
    """The winner does not sign, or gives up: the deal is void and the lot may be put up again. Public with its reason."""
    visibility.check_project(lot.tender, actor, Role.OWNER)
    actor.take_part(Part.SIGN)
    needed(lot)
    cited = pack_of(lot).clause("deal_fallen")
    if not 4 <= len(reason.strip()) <= 2000:
        zh, en = "请写明原因（4 至 2000 字）。", "Give the reason in 4 to 2000 characters."
        raise Invalid("deal.reason", zh, en, rule=cited, fields={"reason": "length"})
    log.append(offer_facts.DealFallen(lot=lot.code, reason=reason.strip(), law=cited, at=rfc3339(now)))
    fail(lot, LotEvent.NO_DEAL, Words(reason.strip(), "the deal was not signed"), actor, now)
    records.acted(actor, "deal.fallen", now, lot=lot.code)
    return lot


def _open(lot: Lot) -> Deal:
    deal = needed(lot)
    if lot.state != LotState.DEAL:
        raise Conflict("deal.closed", "成交已确认。", "The deal is confirmed already.", rule=law(lot))
    return deal


def _check_owner_key(lot: Lot, signed: Signed) -> None:
    if not signed.signed_by(keys.parse((lot.fact_keys or {})["owner"])):
        raise Forbidden(
            "statement.other_key",
            "签名不是本标段密钥组中招标人的密钥所作。",
            "The signature is not by the owner's key of this lot's keyset.",
            rule="sealing.md 1.1 fact_keys",
        )


def _other_terms(lot: Lot) -> Invalid:
    zh, en = (
        "所签内容与成交确认书不一致，请刷新后核对。",
        "What was signed is not the confirmation as it stands: reload.",
    )
    return Invalid("deal.other_terms", zh, en, rule=law(lot), fields={"signature": "other"})
