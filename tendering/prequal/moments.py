"""The moments of a pre-qualification for the timeline: chosen, earliest and latest, each with its rule. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from kernel.errors import Words
from tendering.packs import Kind, Pack, Rule
from tendering.prequal import rules
from tendering.timetable import Calendar, last_moment

AT, FROM, UNTIL = "at", "from", "until"
BEFORE: tuple[tuple[str, Words], ...] = (
    ("prequalification_changed", Words("影响申请的澄清修改，此后发布须顺延申请截止", "A change bearing on applications published after this moves their deadline")),
    ("objection_prequalification", Words("对资格预审文件提出异议到此为止", "Objections to the pre-qualification documents end")),
)  # fmt: skip


@dataclass(frozen=True)
class Chosen:
    """What the owner has set so far; a draft may lack either."""

    published_at: dt.datetime
    documents_end: dt.datetime | None = None
    applications_due: dt.datetime | None = None


@dataclass(frozen=True)
class Line:
    name: str
    words: Words
    at: dt.datetime
    binds: str
    rule: Rule | None
    assumed: bool = False
    broken: bool = False


def due(pack: Pack, chosen: Chosen) -> dt.datetime:
    """When applications are due: as chosen, or as early as the law allows."""
    if chosen.applications_due is not None:
        return chosen.applications_due
    return rules.earliest_due(pack, chosen.published_at, _end(pack, chosen)).at


def lines(pack: Pack, chosen: Chosen, table: Calendar) -> Iterator[Line]:
    """Nothing where all may bid."""
    if not rules.by_prequal(pack):
        return
    end, ends_first = _end(pack, chosen), rules.earliest_end(pack, chosen.published_at)
    words = Words("资格预审文件停止提供", "Pre-qualification documents are no longer provided")
    yield Line(
        "prequal_documents_end", words, end, AT, ends_first.rule, chosen.documents_end is None, end < ends_first.at
    )
    first, at = rules.earliest_due(pack, chosen.published_at, end), due(pack, chosen)
    assumed = chosen.applications_due is None
    words = Words("法定最早申请截止", "Earliest lawful deadline for applications")
    yield Line("earliest_due", words, first.at, FROM, first.rule, chosen.documents_end is None)
    words = Words("资格预审申请截止", "Applications due")
    yield Line("applications_due", words, at, AT, first.rule, assumed, at < first.at)
    yield from _before(pack, at, table, assumed=assumed)


def _end(pack: Pack, chosen: Chosen) -> dt.datetime:
    return chosen.documents_end or rules.earliest_end(pack, chosen.published_at).at


def _before(pack: Pack, at: dt.datetime, table: Calendar, *, assumed: bool) -> Iterator[Line]:
    for name, words in BEFORE:
        for rule in pack.find(Kind.MIN_INTERVAL, "applications_due"):
            if rule.begins == name:
                yield Line(name, words, last_moment(table, rule, at), UNTIL, rule, assumed)
