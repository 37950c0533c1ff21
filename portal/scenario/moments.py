"""The moments that the installation's rows name: deadlines, ends of periods, when somebody is warned, when a message is tried again."""

from __future__ import annotations

import datetime as dt
from functools import cache

from sqlalchemy import Select, bindparam, func, select, union_all

from kernel.db import Base, Instant, db


def after(now: dt.datetime) -> dt.datetime | None:
    """The first moment after `now` that any row of any table names."""
    return db.session.scalar(_first(), {"now": now})


@cache
def _first() -> Select[dt.datetime]:
    now = bindparam("now", type_=Instant())
    columns = [one for table in Base.metadata.sorted_tables for one in table.columns if isinstance(one.type, Instant)]
    each = union_all(*(select(func.min(one).label("moment")).where(one > now) for one in columns)).subquery()
    return select(func.min(each.c.moment))
