"""The committee's review: what it asks of a bidder, and its argument when too few bids are left."""

from __future__ import annotations

from evaluation.review import clarification, competition
from evaluation.review.clarification import Request
from evaluation.review.rules import About
from portal.scenario.people import Person
from portal.scenario.registry import do
from portal.scenario.verbs_award import bid_of
from portal.scenario.verbs_opening import HEAD, panel, report, score
from portal.scenario.world import World

ASKED = "请书面说明并提供证明"


@do("ask_bidder")
def ask_bidder(world: World, by: Person, bid: Person, about: str = "clarification", lot: int = 1) -> str:
    """An expert proposes to ask a bidder in writing, and the others consent until it is sent."""
    code = world.code(lot)
    with world.act() as now:
        found = clarification.propose(by.actor, code, Request(bid_of(world, bid, lot), About(about), ASKED), now)
        number, sent = found.number, found.sent_at is not None
    for other in (one for one in panel(world, lot) if one.part != by.part):
        if not sent:
            with world.act() as now:
                sent = clarification.support(other.actor, code, number, now).sent_at is not None
    world.breathe()
    return f"要求 {bid.name} 书面说明"


@do("answer_committee")
def answer_committee(world: World, by: Person, text: str = "说明及证明材料如下", lot: int = 1) -> str:
    """A bidder answers what the committee asked of it."""
    with world.act() as now:
        clarification.answer(by.actor, world.code(lot), text, now)
    world.breathe()
    return "书面答复评标委员会"


@do("score_all")
def score_all(world: World, by: Person, reject: str = "", head: str = HEAD, *, settles: bool = True) -> str:
    """Every member of the first lot's committee signs, and rejects one bidder on that head; `settles`: and the result follows."""
    for expert in panel(world, 1):
        score(world, expert, 1, [reject] if reject else [], head)
    if settles:
        report(world, panel(world, 1), 1)
    return f"{by.name}：评委一致否决 {world.person(reject).name if reject else '零家'}"


@do("argue")
def argue(world: World, by: Person, text: str, lot: int = 1, *, reject_all: bool) -> str:
    """An expert argues whether competition is lacking, and the others consent until it stands."""
    code = world.code(lot)
    with world.act() as now:
        found = competition.propose(by.actor, code, text, now, reject_all=reject_all)
        number, stands = found.id, found.carried_at is not None
    for other in (one for one in panel(world, lot) if one.part != by.part):
        if not stands:
            with world.act() as now:
                stands = competition.support(other.actor, code, number, now).carried_at is not None
    report(world, panel(world, lot), lot)
    return f"论证：{'否决全部投标' if reject_all else '竞争性充分'}"
