"""The review of qualification after the opening: by purchaser or agency, before anybody evaluates."""

from __future__ import annotations

from collections.abc import Sequence

from evaluation import reading
from evaluation.qualification import service
from evaluation.qualification.rules import Finding
from portal.scenario.people import Person
from portal.scenario.registry import do
from portal.scenario.world import World
from tendering import lifecycle
from tendering.states import LotState

GROUND = "未提供有效的资格证明文件"


@do("review_qualification")
def review_qualification(
    world: World, by: Person, lot: int = 1, rejects: Sequence[str] = (), ground: str = GROUND
) -> str:
    """Purchaser or agency signs who is qualified; `rejects` are not, on that ground."""
    code, away = world.code(lot), {world.person(name).name for name in rejects}
    with world.act(write=False):
        bids = [(bid.bid_id, sheet.header.bidder in away) for bid, sheet in reading.assessed(code)]
        findings = tuple(Finding(bid_id, not out, ground if out else None) for bid_id, out in bids)
        raw = service.statement(by.actor, code, findings)
    with world.act() as now:
        service.give(by.actor, code, by.sign(raw), now)
    world.pass_while(lambda: world.lot(lot).state == LotState.OPENED, "the evaluation begins")
    return f"资格审查：{len(bids) - len(away)} 家合格，{len(away)} 家不合格"


def settle(world: World, lot: int) -> None:
    """Everybody is qualified, where the law asks purchaser or agency to say so and nobody has."""
    with world.act(write=False):
        due = service.ready(lifecycle.lot_of(world.code(lot)))
    if due:
        review_qualification(world, world.people.get("agency", world.people["owner"]), lot)
