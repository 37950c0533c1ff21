"""The draw of experts: the list is fixed, the log draws, reserves replace who leaves. Who sits is called `seat1` and so on."""

from __future__ import annotations

from collections.abc import Sequence

from evaluation import committee, composition, reading
from evaluation.draw import reading as draws
from evaluation.draw import rules, service
from evaluation.draw.rules import Appointment, Departure, Ground, Need, Why
from portal.scenario.people import EXPERTISE, Person
from portal.scenario.registry import do
from portal.scenario.world import MismatchError, World
from tendering import lifecycle, packs

REASONS = "桥梁健康监测专业性强，随机抽取的专家难以胜任"


@do("draw_experts")
def draw_experts(world: World, by: Person, lot: int = 1, seats: int = 0, beside: Sequence[Person] = ()) -> str:
    """The centre fixes the list of all who may sit, and time passes until the log has drawn."""
    code = world.code(lot)
    need = Need([EXPERTISE.field], seats or size(world, lot) - len(beside), [one.part for one in beside])
    with world.act() as now:
        made = service.fix(by.actor, code, need, now)
        listed, number = len(made.rows), made.number
    world.pass_while(lambda: not _seeded(world, code, number), "the log draws the experts")
    _call_seats(world, lot)
    return f"{listed} 名专家列入名单，抽取 {need.seats} 名"


@do("replace_expert")
def replace_expert(world: World, by: Person, seat: str, why: str = "declined", text: str = "当日不能到场") -> str:
    """The member of the first lot called so leaves; the next of the order takes the seat."""
    left = world.person(seat)
    alias = next((alias for alias, one in _sitting(world, 1).items() if one.part == left.part), None)
    if alias is None:
        raise MismatchError(f"{seat} does not sit")
    with world.act() as now:
        service.replace(by.actor, world.code(1), alias, Departure(Why(why), text), now)
    _call_seats(world, 1)
    return f"{alias} 更换：{text}"


@do("appoint_experts")
def appoint_experts(world: World, by: Person, experts: Sequence[Person], document: str = "", consent: str = "") -> str:
    """The centre names the first lot's committee as a special project's, by that document."""
    given = Appointment(Ground.COMPLEX, REASONS, document, consent)
    with world.act() as now:
        seats = committee.form(by.actor, world.code(1), [one.part for one in experts], now, given)
    return f"直接确定评标委员会 {len(seats)} 人"


def panel(world: World, lot: int) -> list[Person]:
    """Who sits; before that, the experts whom a play names when nobody says whom."""
    named = [person for part, person in world.people.items() if part.startswith("expert")]
    return list(_sitting(world, lot).values()) or named[: size(world, lot)]


def seat(world: World, by: Person, lot: int) -> None:
    """Unless somebody sits: by the draw where the law asks for it, by name elsewhere."""
    if _sitting(world, lot):
        return
    with world.act(write=False):
        drawn = rules.required(packs.load(lifecycle.lot_of(world.code(lot)).tender.pack_id)) is not None
    if drawn:
        draw_experts(world, by, lot)
        return
    with world.act() as now:
        committee.form(by.actor, world.code(lot), [one.part for one in panel(world, lot)], now)


def size(world: World, lot: int) -> int:
    """How many the law pack asks for; one where it names no number."""
    with world.act(write=False):
        found = lifecycle.lot_of(world.code(lot))
        rule = composition.size(packs.load(found.tender.pack_id), reading.budget(found))
    return 1 if rule is None else rule.value


def _seeded(world: World, code: str, number: int) -> bool:
    with world.act(write=False):
        return any(one.number == number and one.seed is not None for one in draws.draws(code))


def _sitting(world: World, lot: int) -> dict[str, Person]:
    """By alias."""
    people = {one.actor.person_id: one for part, one in world.people.items() if not part.startswith("seat")}
    with world.act(write=False):
        return {seat.alias: people[seat.person_id] for seat in reading.seats(world.code(lot))}


def _call_seats(world: World, lot: int) -> None:
    for alias, person in _sitting(world, lot).items():
        world.people[f"seat{alias[1:]}"] = person
