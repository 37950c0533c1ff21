"""When a department's time to answer is over: working days after the day of filing, seconds in practice. Pure."""

from __future__ import annotations

import datetime as dt

from kernel.clock import beijing
from tendering import timetable
from tendering.packs import Pack


def due_at(pack: Pack, filed_at: dt.datetime, days: int) -> dt.datetime:
    """The end of the last of `days` working days after filing; so many seconds where the pack is a practice one."""
    if pack.practice:
        return filed_at + dt.timedelta(seconds=days)
    last = timetable.calendar().add_working_days(beijing(filed_at).date(), days)
    return timetable.midnight(last + timetable.DAY)
