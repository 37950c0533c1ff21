"""What can be waited for: moments of the timetable, and states that the clock brings about."""

from __future__ import annotations

from portal.scenario import verbs_opening, watch
from portal.scenario.registry import wait
from portal.scenario.watch import SECOND, shown
from portal.scenario.world import MismatchError, World
from tendering import awards, service
from tendering.states import LotState


@wait("until")
def until(world: World, moment: str) -> str:
    """A Beijing moment or a period: what a `wait` means that is no other word."""
    world.pass_until(watch.moment(moment, world.now))
    return shown(world.now)


@wait("deadline")
def deadline(world: World, lot: int = 1) -> str:
    """The lot's box is shut."""
    closes_at = world.lot(lot).closes_at
    assert closes_at is not None
    world.pass_until(closes_at)
    world.pass_while(lambda: world.lot(lot).state == LotState.COLLECTING, "the box shuts")
    return f"截止 {shown(closes_at)}"


@wait("box_closed")
def box_closed(world: World, lot: int = 1) -> str:
    """The roll is logged and the nodes closed on it, or the lot ended for too few bids."""
    deadline(world, lot)
    world.settle()
    return f"名册封存：{world.lot(lot).state}"


@wait("opened")
def opened(world: World, lot: int = 1) -> str:
    """The opening is over."""
    deadline(world, lot)
    under_way = (LotState.SEALED, LotState.OPENING)
    world.pass_while(lambda: world.lot(lot).state in under_way, "the opening ends")
    return f"开标结束：{world.lot(lot).state}"


@wait("result")
def result(world: World, lot: int = 1) -> str:
    """The result is computed from the signed sheets, and the committee signs the report over it."""
    verbs_opening.report(world, verbs_opening.panel(world, lot), lot)
    return f"{world.lot(lot).state}"


@wait("publicity")
def publicity(world: World, lot: int = 1) -> str:
    """The candidates have been on public view for as long as the law asks."""
    over = world.lot(lot).publicity_until
    if over is None:
        raise MismatchError("no candidates are on public view")
    world.pass_until(over + SECOND)
    return f"公示期满 {shown(over)}"


@wait("decision")
def decision(world: World, lot: int = 1) -> str:
    """The owner's time to decide is over; the law decides where it says so (G36)."""
    with world.act(write=False):
        due = awards.decide_by(service.lot_of(world.code(lot)))
    if due is None:
        raise MismatchError("no rule decides for the owner here")
    world.pass_until(due.at + SECOND)
    world.settle()
    return f"定标期限 {shown(due.at)} {due.rule.cited}"
