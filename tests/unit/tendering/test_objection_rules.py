"""The windows, periods and clocks of objections, queries and inquiries under the law's own packs."""

from __future__ import annotations

import datetime as dt

import pytest

from kernel.clock import BEIJING
from kernel.errors import Invalid
from tendering import packs, timetable
from tendering.objections import rules
from tendering.objections.rules import Due, Moments, Sort, Subject
from tendering.states import LotState

WORKS, GOODS = "cn.construction.open.2026", "cn.procurement.open.2026"
TABLE = timetable.calendar()


def at(day: str, hour: int = 9) -> dt.datetime:
    return dt.datetime.fromisoformat(day).replace(hour=hour, tzinfo=BEIJING).astimezone(dt.UTC)


def moments(**more) -> Moments:
    known = {"state": LotState.COLLECTING, "published_at": at("2026-03-02"), "closes_at": at("2026-03-30")}
    return Moments(**{**known, "documents_at": at("2026-03-02"), **more})


def window(pack: str, sort: Sort, subject: Subject, **more) -> rules.Window:
    found = rules.windows(packs.load(pack), moments(**more), TABLE)
    return rules.window_of(found, sort, subject)


def test_c13_documents_ten_days_before_the_deadline_the_day_itself_still_counts():
    found = window(WORKS, Sort.OBJECTION, Subject.DOCUMENTS)
    assert found.until == at("2026-03-21", 0)
    assert found.is_open(at("2026-03-20", 23))
    assert not found.is_open(at("2026-03-21", 0))


def test_c13_is_over_with_the_deadline_and_follows_a_later_one():
    assert window(WORKS, Sort.OBJECTION, Subject.DOCUMENTS, closes_at=at("2026-04-10")).until == at("2026-04-01", 0)
    shut = window(WORKS, Sort.OBJECTION, Subject.DOCUMENTS, state=LotState.SEALED)
    assert not shut.is_open(at("2026-03-10"))


def test_c13_prequalification_two_days_before_applications_are_due():
    found = window(
        "cn.construction.prequalified.2026", Sort.OBJECTION, Subject.PREQUALIFICATION, applications_due=at("2026-03-13")
    )
    assert found.until == at("2026-03-12", 0)
    assert found.rule.id == "C13.prequalification"


@pytest.mark.parametrize(
    ("pack", "sort", "subject", "received", "due"),
    [
        (WORKS, Sort.OBJECTION, Subject.DOCUMENTS, "2026-03-10", "2026-03-14"),
        (GOODS, Sort.QUERY, Subject.DOCUMENTS, "2026-03-10", "2026-03-20"),
        (GOODS, Sort.INQUIRY, Subject.DOCUMENTS, "2026-03-10", "2026-03-14"),
    ],
)
def test_c14_g41_g43_replies_are_due_when_their_last_day_is_over(pack, sort, subject, received, due):
    found = rules.reply_due(packs.load(pack), (sort, subject), at(received), TABLE)
    assert found.at == at(due, 0)
    assert found.warn_at == found.at - dt.timedelta(days=1)


def test_c14_a_last_day_on_a_holiday_moves_on():
    """Received on Wednesday before the Saturday that ends three days: the reply is due on Monday."""
    rule = rules.reply_due(packs.load(WORKS), (Sort.OBJECTION, Subject.DOCUMENTS), at("2026-03-11"), TABLE)
    assert rule.at == at("2026-03-17", 0)


def test_c50_the_result_during_the_publicity_only():
    view = {"publicity_from": at("2026-04-02"), "publicity_until": at("2026-04-08", 0)}
    found = window(WORKS, Sort.OBJECTION, Subject.RESULT, state=LotState.PUBLICITY, **view)
    assert (found.since, found.until) == (view["publicity_from"], view["publicity_until"])
    assert window(WORKS, Sort.OBJECTION, Subject.RESULT, state=LotState.AWARDED, **view).since is None


def test_g42_documents_from_the_end_of_their_notice_or_the_last_of_them():
    first = window(GOODS, Sort.QUERY, Subject.DOCUMENTS).until
    assert first == at("2026-03-20", 0)
    assert window(GOODS, Sort.QUERY, Subject.DOCUMENTS, documents_at=at("2026-03-12")).until == at("2026-03-24", 0)


def test_what_a_law_does_not_know_is_refused():
    found = rules.windows(packs.load("cn.land.listing.2026"), moments(), TABLE)
    assert found == []
    with pytest.raises(Invalid):
        rules.window_of(found, "objection", "documents")


def test_s26_one_unit_left_is_yellow_over_is_red():
    rule = packs.load(GOODS).find(packs.Kind.MAX_INTERVAL, "query_answered")[0]
    due = Due.counted(TABLE, rule, at("2026-03-10"))
    shown = [due.color(moment) for moment in (at("2026-03-18", 23), at("2026-03-19", 0), at("2026-03-20", 0))]
    assert shown == ["green", "yellow", "red"]


def test_t22_overlapping_stays_count_once():
    start, hour = at("2026-03-10"), dt.timedelta(hours=1)
    stays = [(start, start + 2 * hour), (start + hour, start + 3 * hour), (start + 5 * hour, None)]
    assert rules.stood_still(stays, start, start + 6 * hour) == 4 * hour
    assert rules.stood_still(stays, start + 2 * hour, start + 6 * hour) == 2 * hour
