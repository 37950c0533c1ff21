"""From the result to the winner: publicity, who gives up, the award."""

from __future__ import annotations

from collections.abc import Sequence

from evaluation import reading, results
from portal.scenario.people import Person
from portal.scenario.registry import do
from portal.scenario.watch import shown
from portal.scenario.world import MismatchError, World
from tendering import awards, service


@do("publicity")
def publicity(world: World, by: Person, lot: int = 1, tied: Sequence[str] = ()) -> str:
    """Put the candidates on public view; `tied` are the bidders that share the first place, in the owner's order."""
    order = [bid_of(world, world.person(name), lot) for name in tied]
    with world.act() as now:
        until = results.start_publicity(by.actor, world.code(lot), order, now)
    world.breathe()
    return f"候选人公示至 {shown(until)}"


@do("give_up")
def give_up(world: World, by: Person, bid: Person, reason: str = "中标候选人书面放弃", lot: int = 1) -> str:
    """The owner records that a candidate gave up."""
    with world.act() as now:
        service.give_up(by.actor, service.lot_of(world.code(lot)), bid_of(world, bid, lot), reason, now)
    world.breathe()
    return f"{bid.name} {reason}"


@do("award")
def award(world: World, by: Person, bid: Person, lot: int = 1) -> str:
    """The owner signs the award."""
    with world.act(write=False):
        raw = awards.award_statement(service.lot_of(world.code(lot)), bid_of(world, bid, lot)).raw
    with world.act() as now:
        results.award(by.actor, world.code(lot), by.sign(raw), now)
    world.breathe()
    return f"定标：{bid.name}"


def bid_of(world: World, bidder: Person, lot: int) -> str:
    """The bid that was read out for this bidder, or for the consortium it leads."""
    digest = world.bids.get((lot, bidder.part))
    with world.act(write=False):
        found = [bid.bid_id for bid, _ in reading.read_out(world.code(lot)) if bid.manifest_sha256 == digest]
    if not found:
        raise MismatchError(f"no bid of {bidder.part} was read out on lot {lot}")
    return found[0]
