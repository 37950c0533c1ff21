"""Reading where a lot's evaluation stands: rows of this slice, and what it takes from tendering and bidding."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from accounts import consortia
from accounts.actor import Actor
from accounts.models import Consortium, Organization
from accounts.roles import Role
from bidding.models import Bid as SealedBid
from bidding.models import Opened
from bidding.states import BidStatus, Outcome
from evaluation import composition, spec
from evaluation.composition import SeatKind
from evaluation.models import Evaluation, OpenedDocuments, ScoreSheet, Seat
from evaluation.prices import Bid
from evaluation.qualification import standing
from evaluation.report import register
from evaluation.spec import MethodSpec
from evaluation.visibility import Phase, Viewer
from kernel.db import db
from kernel.errors import Conflict, NotFound
from kernel.money import Fen
from sealing.keyset import Audience, Keyset, Stage
from sealing.sheet import Sheet
from tendering import lifecycle
from tendering.models import Lot
from tendering.quotes import boxes
from tendering.states import LotState

_BY_ROLE = {
    Role.OPS: Viewer.OPS,
    Role.SUP: Viewer.SUP,
    Role.INSP: Viewer.INSP,
    Role.MGR: Viewer.MGR,
    Role.FIN: Viewer.FIN,
    Role.TECH: Viewer.TECH,
    Role.EXPERT: Viewer.EXPERT,
    Role.BIDDER: Viewer.BIDDER,
}
SEATED = {SeatKind.EXPERT: Role.EXPERT, SeatKind.OWNER: Role.OWNER}
"""The role in which a member acts."""


def evaluation_of(lot: str, *, lock: bool = False) -> Evaluation | None:
    """The lot's evaluation; locked, everything that changes it waits."""
    wanted = select(Evaluation).where(Evaluation.lot == lot)
    if lock:
        wanted = wanted.with_for_update().execution_options(populate_existing=True)
    return db.session.scalar(wanted)


def under_way(lot: str, *, lock: bool = False) -> Evaluation:
    """The same; Conflict while no committee was formed."""
    found = evaluation_of(lot, lock=lock)
    if found is None:
        raise Conflict(
            "evaluation.not_begun", "尚未组建评标委员会", "No committee has been formed yet", rule="rules.md T17"
        )
    return found


def seats(lot: str) -> list[Seat]:
    """The committee as it sits now."""
    wanted = select(Seat).where(Seat.lot == lot, Seat.ended_at.is_(None)).order_by(Seat.id)
    return list(db.session.scalars(wanted))


def seats_of_person(person_id: int) -> list[Seat]:
    wanted = select(Seat).where(Seat.person_id == person_id, Seat.ended_at.is_(None)).order_by(Seat.id.desc())
    return list(db.session.scalars(wanted))


def own_seat(actor: Actor, lot: str) -> Seat:
    """The actor's seat; NotFound for everybody else, for who sits here is nobody else's business."""
    wanted = select(Seat).where(Seat.lot == lot, Seat.person_id == actor.person_id, Seat.ended_at.is_(None))
    found = db.session.scalar(wanted)
    actor.act_as(Role.EXPERT if found is None else SEATED[SeatKind(found.kind)])
    if found is None:
        raise NotFound("seat.none", "您不是本标段的评委", "You have no seat on this lot's committee")
    return found


def sheet_of(seat: Seat) -> ScoreSheet | None:
    return db.session.scalar(select(ScoreSheet).where(ScoreSheet.seat_id == seat.id))


def sheets(lot: str) -> list[tuple[Seat, ScoreSheet]]:
    """The sheets of the sitting committee, drafts among them."""
    wanted = (
        select(Seat, ScoreSheet)
        .join(ScoreSheet, ScoreSheet.seat_id == Seat.id)
        .where(Seat.lot == lot, Seat.ended_at.is_(None))
        .order_by(Seat.id)
    )
    return [(seat, sheet) for seat, sheet in db.session.execute(wanted)]


def method(lot: Lot) -> MethodSpec:
    """The method of the notice; its bytes were checked when it was published."""
    assert lot.method is not None
    return spec.parse(lot.method)


def stage(lot: Lot) -> Stage:
    """The stage that is opened for the evaluation."""
    assert lot.keyset is not None
    found = [one for one in Keyset.parse(lot.keyset).stages if one.audience is Audience.EVALUATION]
    if not found:
        raise Conflict(
            "evaluation.no_stage", "本标段没有评审阶段的投标文件", "This lot has no stage for the evaluation"
        )
    return found[0]


def read_out(lot: str) -> list[tuple[SealedBid, Sheet]]:
    """The bids that were opened and read out, with their sheets, in the order of the read-out."""
    wanted = (
        select(SealedBid, Opened)
        .join(Opened, Opened.bid == SealedBid.id)
        .where(Opened.lot == lot, Opened.stage == _price_stage(lot), Opened.outcome == Outcome.OPENED)
        .order_by(Opened.line)
    )
    found = [(bid, Sheet.parse(bytes(opened.plain or b""))) for bid, opened in db.session.execute(wanted)]
    return [(bid, sheet) for bid, sheet in found if bid.status is BidStatus.LIVE]


def bidders(lot: Lot) -> list[str]:
    """By name, those whose bids are open: as read out, or where nothing is, those whose responses are the team's."""
    if not boxes.negotiated(lot):
        return [sheet.header.bidder for _, sheet in read_out(lot.code)]
    live = select(SealedBid).where(SealedBid.lot == lot.code, SealedBid.status == BidStatus.LIVE)
    return sorted(name_of(bid) for bid in db.session.scalars(live))


def name_of(bid: SealedBid) -> str:
    """The organization's name, or the consortium's."""
    kind, _, code = bid.party.partition(":")
    if kind == "consortium":
        return db.session.scalar(select(Consortium.name).where(Consortium.code == code)) or code
    return db.session.get_one(Organization, bid.organization).name


def _price_stage(lot: str) -> str | None:
    """The stage that holds the price; none while the lot is a draft without keys, and none of first responses."""
    keyset = db.session.scalars(select(Lot.keyset).where(Lot.code == lot)).one()
    if keyset is None:
        return None
    return next((one.name for one in Keyset.parse(keyset).stages if one.holds_price), None)


def documents(lot: str) -> dict[str, OpenedDocuments]:
    """What the evaluator reported, by bid."""
    wanted = select(OpenedDocuments).where(OpenedDocuments.lot == lot)
    return {found.bid_id: found for found in db.session.scalars(wanted)}


def papers(lot: str) -> dict[str, OpenedDocuments]:
    """The documents behind each bid: its own, or for a final quote those of its supplier's first response."""
    box = boxes.of(lifecycle.lot_of(lot))
    if box is None:
        return documents(lot)
    responses = documents(box.first)
    first = {one.party: one.bid_id for one in box.quoters}
    live = select(SealedBid).where(SealedBid.lot == lot, SealedBid.status == BidStatus.LIVE)
    quotes = {bid.bid_id: first.get(bid.party, "") for bid in db.session.scalars(live)}
    return {quote: responses[response] for quote, response in quotes.items() if response in responses}


def assessed(lot: str) -> list[tuple[SealedBid, Sheet]]:
    """The bids the committee judges: read out, their documents opened, and nobody found them not to be qualified (G21)."""
    found, away = papers(lot), standing.turned_away(lot)
    opened = [(bid, sheet) for bid, sheet in read_out(lot) if bid.bid_id in found and found[bid.bid_id].sha256]
    return [(bid, sheet) for bid, sheet in opened if bid.bid_id not in away]


def priced(bids: Sequence[tuple[SealedBid, Sheet]]) -> list[Bid]:
    """As the calculation takes them; the class of a small enterprise stands in the sheet's item `enterprise`."""
    return [
        Bid(bid.bid_id, sheet.price, sheet.items.get("enterprise"), sheet.items.get("brand")) for bid, sheet in bids
    ]


def budget(lot: Lot) -> Fen:
    """What the tender may cost in all: the number that decides how large its committees are."""
    return composition.budget(None if one.ceiling_fen is None else Fen(one.ceiling_fen) for one in lot.tender.lots)


def parties(lot: Lot) -> frozenset[str]:
    """The codes of everybody whose people may not judge: bidders, their consortia's members, owner and agency."""
    involved = {lot.tender.owner_org, lot.tender.agency_org}
    for bid in db.session.scalars(select(SealedBid).where(SealedBid.lot == lot.code)):
        involved.add(bid.organization)
        involved.update(_members(bid.party))
    found = select(Organization.uscc).where(Organization.id.in_([one for one in involved if one is not None]))
    return frozenset(db.session.scalars(found))


def _members(party: str) -> list[int]:
    kind, _, code = party.partition(":")
    if kind != "consortium":
        return []
    found = db.session.scalar(select(Consortium).where(Consortium.code == code))
    return [organization.id for organization, _ in consortia.members_of(found)] if found else []


def phase(lot: Lot, found: Evaluation | None) -> Phase:
    """Where the evaluation stands for the table of `visibility`."""
    if found is None:
        return Phase.NONE
    if found.disclosed_at is not None or lot.decided:
        return Phase.AWARDED
    if found.result is not None:
        return Phase.RESULT
    if lot.state == LotState.EVALUATING:
        return Phase.REPORT if register.waits(lot.code) else Phase.SCORING
    return Phase.FORMED


def viewer(actor: Actor | None, lot: Lot) -> Viewer:
    """As what the actor looks at this lot, other people's things; the own seat is asked for apart."""
    if actor is None:
        return Viewer.PUBLIC
    if any(seat.person_id == actor.person_id for seat in seats(lot.code)):
        return Viewer.MEMBER
    if Role.OWNER in actor.roles and actor.organization_id == lot.tender.owner_org:
        return Viewer.OWNER
    if Role.AGENCY in actor.roles and actor.organization_id == lot.tender.agency_org:
        return Viewer.AGENCY
    return next((_BY_ROLE[role] for role in _BY_ROLE if role in actor.roles), Viewer.PUBLIC)
