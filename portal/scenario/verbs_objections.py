"""Objections, queries, inquiries and complaints: raised, answered, withdrawn; made, taken and decided."""

from __future__ import annotations

from oversight import making
from oversight import service as oversight
from oversight.rules import Effect as Decision
from oversight.rules import Matter
from portal.scenario.people import Person
from portal.scenario.registry import do
from portal.scenario.world import World
from tendering.lifecycle import lot_of
from tendering.objections import service as objections
from tendering.objections.rules import Effect


@do("object")
def object_(world: World, by: Person, about: str, lot: int = 1) -> str:
    """Raise something: `about` is sort and subject, `objection.documents`, `query.result`."""
    sort, _, subject = about.partition(".")
    said = objections.Statement(sort, subject, "资格条件限制了竞争。", "请予修改。")
    with world.act() as now:
        number = objections.raise_objection(by.actor, world.code(lot), said, now).number
    world.settle()
    return f"提出 {about} 第 {number} 号"


@do("answer_objection")
def answer_objection(world: World, by: Person, number: int, effect: str = "rejected", lot: int = 1) -> str:
    """The owner's or agency's one reply."""
    reply = objections.Reply(Effect(effect), "经核实，答复如下。")
    with world.act() as now:
        objections.answer(by.actor, world.code(lot), number, reply, now)
    world.settle()
    return f"答复第 {number} 号：{effect}"


@do("withdraw_objection")
def withdraw_objection(world: World, by: Person, number: int, lot: int = 1) -> str:
    """Whoever raised it takes it back."""
    with world.act(write=False):
        token = objections.numbered(lot_of(world.code(lot)), number).token
    with world.act() as now:
        objections.withdraw(by.actor, token, now)
    world.settle()
    return f"撤回第 {number} 号"


@do("complain")
def complain(world: World, by: Person, objection: int = 0, lot: int = 1) -> str:
    """Complain to the supervising authority, on one's own objection or on another matter."""
    matter = Matter.OBJECTION if objection else Matter.OTHER
    with world.act() as now:
        said = making.Statement(matter, objection or None, now, "答复回避了问题。", "请责令改正。")
        number = making.make(by.actor, world.code(lot), said, now).number
    world.settle()
    return f"投诉第 {number} 号"


@do("take_complaint")
def take_complaint(world: World, by: Person, number: int, lot: int = 1) -> str:
    """The authority takes it."""
    with world.act() as now:
        oversight.accept(by.actor, world.code(lot), number, now)
    world.settle()
    return f"受理投诉第 {number} 号"


@do("decide_complaint")
def decide_complaint(world: World, by: Person, number: int, effect: str, lot: int = 1) -> str:
    """The authority's decision, with reasons."""
    with world.act() as now:
        oversight.decide(by.actor, world.code(lot), number, (Decision(effect), "经查明，决定如下。"), now)
    world.settle()
    return f"投诉第 {number} 号处理决定：{effect}"
