"""Procedures by invitation: who is listed and drawn, what the invited answer, and a single source's publicity."""

from __future__ import annotations

from collections.abc import Sequence

from portal.scenario.people import Person
from portal.scenario.registry import do
from portal.scenario.world import World
from tendering import service
from tendering.invitations import service as invitations
from tendering.invitations import source
from tendering.invitations.rules import Ground, List, Listed


@do("invite")
def invite(world: World, by: Person, whom: Sequence[Person], ground: str = "own", draw: int = 0) -> str:
    """List and fix who is invited, all on one ground; `draw` of them where the log is to draw."""
    return _fixed(world, by, [Listed(one.actor.uscc, Ground(ground)) for one in whom], draw)


@do("recommend")
def recommend(world: World, by: Person, purchaser: Sequence[Person], experts: Sequence[Person]) -> str:
    """List and fix whom the purchaser and the experts recommended in writing (N02)."""
    rows = [Listed(one.actor.uscc, Ground.PURCHASER) for one in purchaser]
    return _fixed(world, by, [*rows, *(Listed(one.actor.uscc, Ground.EXPERT) for one in experts)], 0)


@do("accept_invitation")
def accept_invitation(world: World, by: Person, *, accepts: bool = True) -> str:
    """The invited party's word; it binds nobody."""
    with world.act() as now:
        invitations.answer(by.actor, service.tender_of(world.tender), accepts=accepts, now=now)
    world.breathe()
    return "答复邀请：" + ("参加" if accepts else "不参加")


@do("publish_source")
def publish_source(world: World, by: Person, reasons: str = "只有该供应商持有此设备的接口专利") -> str:
    """Make the single source public before the procedure begins (N12)."""
    with world.act() as now:
        source.publish(by.actor, service.tender_of(world.tender), reasons, now)
    world.breathe()
    return "公示单一来源"


def _fixed(world: World, by: Person, rows: Sequence[Listed], draw: int) -> str:
    with world.act() as now:
        given = List(rows, draw or None, ("张三", "李四") if draw else ())
        invitations.put(by.actor, service.tender_of(world.tender), given, now)
    with world.act() as now:
        invitations.fix(by.actor, service.tender_of(world.tender), now)
    if draw:
        world.settle()
    world.breathe()
    return f"确定邀请名单 {len(rows)} 家" + (f"，抽取 {draw} 家" if draw else "")
