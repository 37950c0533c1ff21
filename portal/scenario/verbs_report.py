"""The evaluation report and the committee's time: who dissents or stays silent, who asks for longer and what the owner answers."""

from __future__ import annotations

import datetime as dt

from evaluation import reading
from evaluation.report import duration, signing
from portal.scenario import verbs_opening
from portal.scenario.people import Person
from portal.scenario.registry import do, wait
from portal.scenario.watch import shown
from portal.scenario.world import World


@wait("report")
def report(world: World, lot: int = 1) -> str:
    """The result is computed, and the report over it lies before the members."""
    verbs_opening.await_report(world, lot)
    return "评标报告待签署"


@do("record_silence")
def record_silence(world: World, by: Person, expert: Person, lot: int = 1) -> str:
    """The centre records that a member neither signs the report nor says why."""
    code = world.code(lot)
    with world.act(write=False):
        alias = reading.own_seat(expert.actor, code).alias
    with world.act() as now:
        signing.record_silence(by.actor, code, alias, now)
    world.breathe()
    return f"{alias} 拒绝签字且未说明理由，视为同意"


@do("short_of_time")
def short_of_time(world: World, by: Person, reason: str = "材料多，时间不够", lot: int = 1) -> str:
    """An expert finds the time for the evaluation too short."""
    with world.act() as now:
        duration.press(by.actor, world.code(lot), reason, now)
    return f"评标时间不够：{reason}"


@do("extend_time")
def extend_time(world: World, by: Person, hours: int, lot: int = 1) -> str:
    """The owner extends the time for the evaluation."""
    with world.act(write=False):
        found = duration.of_lot(world.code(lot))
    assert found is not None
    with world.act() as now:
        later = duration.extend(by.actor, world.code(lot), found.ends_at + dt.timedelta(hours=hours), now).ends_at
    return f"评标时间延长至 {shown(later)}"
