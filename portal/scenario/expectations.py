"""What must hold at a step of a play."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from bidding.models import Bid, Opened
from kernel.db import db
from portal.scenario import watch
from portal.scenario.people import Person
from portal.scenario.registry import expect
from portal.scenario.watch import shown
from portal.scenario.world import MismatchError, World
from supervision import facts, log
from supervision.models import LogFact
from tendering import packs


@expect("state")
def state(world: World, is_: str, lot: int = 1, rule: str = "") -> str:
    """The lot's state; `rule` is the pack's rule by which it failed."""
    found = world.lot(lot).state
    _same("the state", found, is_)
    if rule:
        _cited(world, lot, rule)
    return f"{is_} {rule}".strip()


@expect("tender")
def tender(world: World, is_: str) -> str:
    """The tender's own state."""
    found = world.row().state
    _same("the tender", found, is_)
    return is_


@expect("deadline")
def deadline(world: World, is_: str, lot: int = 1) -> str:
    """The lot's deadline, as a Beijing moment."""
    found = world.lot(lot).closes_at
    assert found is not None
    _same("the deadline", shown(found), shown(watch.moment(is_, world.now)))
    return is_


@expect("suspended")
def suspended(world: World, *, is_: bool, lot: int = 1) -> str:
    """Whether the lot stands still."""
    _same("suspended", world.lot(lot).suspended_at is not None, is_)
    return str(is_)


@expect("bid")
def bid(world: World, of: Person, is_: str, lot: int = 1) -> str:
    """How somebody's last bid stands: live, replaced, withdrawn, void."""
    with world.act(write=False):
        found = db.session.scalar(select(Bid.status).where(Bid.manifest_sha256 == world.bids.get((lot, of.part), "")))
    _same(f"the bid of {of.part}", str(found), is_)
    return f"{of.name} {is_}"


@expect("read_out")
def read_out(world: World, bids: Sequence[str], lot: int = 1) -> str:
    """Whose bids were opened and read out, in any order."""
    with world.act(write=False):
        opened = select(Bid.manifest_sha256).join(Opened, Opened.bid == Bid.id)
        found = set(db.session.scalars(opened.where(Opened.lot == world.code(lot), Opened.outcome == "opened")))
    names = {part for (number, part), digest in world.bids.items() if number == lot and digest in found}
    _same("read out", sorted(names), sorted(world.person(name).part for name in bids))
    return "、".join(world.person(name).name for name in bids)


@expect("outcome")
def outcome(world: World, of: Person, is_: str, lot: int = 1) -> str:
    """How the opening of somebody's bid ended: opened, bidder, platform, trustee, set_aside."""
    with world.act(write=False):
        mine = select(Opened.outcome).join(Bid, Opened.bid == Bid.id)
        found = db.session.scalar(mine.where(Bid.manifest_sha256 == world.bids.get((lot, of.part), "")))
    _same(f"the bid of {of.part}", str(found), is_)
    return f"{of.name} {is_}"


@expect("candidates")
def candidates(world: World, bids: Sequence[str], lot: int = 1) -> str:
    """The candidates on public view, in rank order."""
    rows = world.lot(lot).ranking or []
    names = {digest: part for (number, part), digest in world.bids.items() if number == lot}
    found = [names.get(row["manifest_sha256"], row["bidder"]) for row in rows]
    _same("the candidates", found, [world.person(name).part for name in bids])
    return "、".join(row["bidder"] for row in rows)


@expect("winner")
def winner(world: World, bid: Person, lot: int = 1) -> str:
    """Who was awarded the lot."""
    row = world.lot(lot)
    found = next((one["manifest_sha256"] for one in row.ranking or [] if one["bid_id"] == row.awarded_bid), None)
    _same(f"the winner is {bid.part}", found, world.bids.get((lot, bid.part)))
    return bid.name


@expect("facts")
def facts_(world: World, kind: str, count: int) -> str:
    """How many facts of a kind stand in the log."""
    with world.act(write=False):
        found = db.session.scalar(select(func.count()).select_from(LogFact).where(LogFact.kind == kind))
    _same(f"facts {kind}", found, count)
    return f"{count} × {kind}"


def _cited(world: World, lot: int, rule: str) -> None:
    """The lot's failure cites the clause of that rule of its pack."""
    with world.act(write=False):
        found = log.latest(facts.TenderFailed.kind, world.code(lot))
        told = found.value if found is not None else None
    named = {one.id: one.clause for one in packs.load(world.terms["pack"]).rules}
    said = told.law if isinstance(told, facts.TenderFailed) else ""
    if rule not in named or named[rule] not in said:
        raise MismatchError(f"expected a failure by {rule} ({named.get(rule, 'no rule of the pack')}), not {said!r}")


def _same(what: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise MismatchError(f"{what}: expected {wanted!r}, found {found!r}")
