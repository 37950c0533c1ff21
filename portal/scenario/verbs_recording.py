"""What the centre's recorders do: report what they recorded, and explain what is missing (G20)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from kernel import canonical
from livestream.recording import reading, service
from livestream.recording.service import File, Place
from livestream.recording.steps import NAME
from portal.scenario.people import Person
from portal.scenario.registry import do, expect
from portal.scenario.world import MismatchError, World
from tendering.lifecycle import lot_of
from tendering.recordings import Phase, Window

ROOM = "开评标室"
SEGMENT = dt.timedelta(minutes=50)


@do("record")
def record(world: World, by: Person, phase: str, without: Sequence[int] = (), lot: int = 1) -> str:
    """Report the whole of a phase as recorded so far; `without` names a break, in seconds from its beginning."""
    with world.act(write=False):
        found = [one for one in reading.windows_of(world.code(lot)) if one.phase == phase]
    files = [file for one in found for file in _files(one, world.now, list(without))]
    with world.act() as now:
        taken = service.report(by.actor, world.code(lot), Place(Phase(phase), ROOM), files, now)
    world.breathe()
    return f"{ROOM} 上报录像 {taken} 段"


def _files(window: Window, now: dt.datetime, without: list[int]) -> list[File]:
    end = (window.ended_at or now).replace(microsecond=0)
    breaks = [window.began_at + dt.timedelta(seconds=one) for one in without] or [end, end]
    stretches = [(window.began_at, min(breaks[0], end)), (breaks[1], end)]
    return [file for began, ended in stretches for file in _cut(began, ended)]


def _cut(began: dt.datetime, ended: dt.datetime) -> list[File]:
    found = []
    while began < ended:
        until = min(began + SEGMENT, ended)
        found.append(File("全景", began, until, canonical.sha(str(began).encode()), 1 << 20))
        began = until
    return found


@do("explain_gap")
def explain_gap(world: World, by: Person, reason: str = "设备断电，备用电源接续", lot: int = 1) -> str:
    """The centre says why the gaps are there that nobody explained yet."""
    with world.act(write=False):
        found = reading.of_lot(lot_of(world.code(lot)), world.now).unstated
    for gap in found:
        with world.act() as now:
            service.state_missing(by.actor, world.code(lot), gap, reason, now)
    world.breathe()
    return f"说明缺失 {len(found)} 段：{reason}"


@expect("recordings")
def recordings(world: World, gaps: int, unexplained: int = 0, lot: int = 1) -> str:
    """How many gaps there are, and how many of them nobody explained."""
    world.settle()
    with world.act(write=False):
        found = reading.of_lot(lot_of(world.code(lot)), world.now)
        course = reading.course_of(world.code(lot))
    if (len(found.gaps), len(found.unstated)) != (gaps, unexplained):
        raise MismatchError(f"{len(found.gaps)} gaps, {len(found.unstated)} of them unexplained")
    sealed = course is not None and course.contents is not None
    return f"{len(found.segments)} 段，缺失 {gaps} 段{'，' + NAME + ' 已封存' if sealed else ''}"
