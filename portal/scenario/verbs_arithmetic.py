"""A price that disagrees with itself: a member enters what stands in the documents, the bidder confirms or does not."""

from __future__ import annotations

from evaluation.arithmetic import rules, service
from evaluation.arithmetic.service import Entry
from evaluation.review import clarification
from portal.scenario.people import Person
from portal.scenario.registry import do
from portal.scenario.verbs_award import bid_of
from portal.scenario.verbs_opening import panel
from portal.scenario.world import World


@do("correct_price")
def correct_price(world: World, by: Person, bid: Person, words: str = "", items: str = "") -> str:
    """An expert enters what the documents of a bid on the first lot say, and the others consent until its bidder is asked."""
    code = world.code(1)
    said = rules.typed({"words": words, "items": items})
    with world.act() as now:
        found = service.propose(by.actor, code, Entry(bid_of(world, bid, 1), said), now)
        number, sent, text = found.number, found.sent_at is not None, found.text
    for other in (one for one in panel(world, 1) if one.part != by.part):
        if not sent:
            with world.act() as now:
                sent = clarification.support(other.actor, code, number, now).sent_at is not None
    world.breathe()
    return text.splitlines()[-2]


@do("answer_correction")
def answer_correction(world: World, by: Person, *, confirms: bool = True) -> str:
    """A bidder signs that it is bound by the corrected price, or that it is not."""
    code = world.code(1)
    with world.act(write=False):
        raw = service.statement(by.actor, code, confirms=confirms)
    with world.act() as now:
        service.answer(by.actor, code, by.sign(raw), by.cert, now)
    world.breathe()
    return "确认修正后的报价" if confirms else "不确认修正后的报价"
