"""Who is waited for, from the facts alone: replies, complaints, and the end of both."""

from __future__ import annotations

import datetime as dt

from kernel.clock import rfc3339
from supervision import facts
from supervision.waits import waits

START = dt.datetime(2026, 11, 23, 1, 0, tzinfo=dt.UTC)
LOT, OTHER, HASH = "A1", "A2", "0" * 64


def at(seconds: int) -> str:
    return rfc3339(START + dt.timedelta(seconds=seconds))


def unix(seconds: int) -> int:
    return int(START.timestamp()) + seconds


def objection(number: int = 1, lot: str = LOT, due: int = 60) -> facts.Fact:
    return facts.ObjectionRaised(
        lot=lot, number=number, sort="objection", subject="documents", suspends=True, text_sha256=HASH,
        warn_at=at(due - 12), due_at=at(due), law="C14", at=at(0),
    )  # fmt: skip


def answered(number: int = 1, lot: str = LOT) -> facts.Fact:
    return facts.ObjectionAnswered(lot=lot, number=number, effect="upheld", text_sha256=HASH, at=at(30))


def complaint(due: int = 120) -> facts.Fact:
    return facts.ComplaintMade(
        lot=LOT, number=1, objection=None, text_sha256=HASH, warn_at=at(due - 20), due_at=at(due), law="C61", at=at(0)
    )


def step(name, due: int | None = None) -> facts.Fact:
    moments = {"warn_at": at(due - 20), "due_at": at(due)} if due else {"warn_at": None, "due_at": None}
    return facts.ComplaintStep(
        lot=LOT, number=1, step=name, effect=None, text_sha256=None, law="C61", at=at(50), **moments
    )


def ended(lot: str, state: str) -> facts.Fact:
    return facts.StateChanged(
        lot=lot, was="collecting", now=state, event="x", plane="manage", role="OWNER", at=at(9), law=(), guards=()
    )


def colors(log: list[facts.Fact], moment: int) -> list[str]:
    return [wait.color(unix(moment)) for wait in waits(enumerate(log))]


def test_s26_a_reply_is_green_then_yellow_then_red():
    assert [colors([objection()], moment) for moment in (47, 48, 59, 60)] == [
        ["green"],
        ["yellow"],
        ["yellow"],
        ["red"],
    ]


def test_s26_an_answered_or_withdrawn_one_is_over_and_only_that_one():
    log = [
        objection(1),
        objection(2),
        answered(1),
        objection(3),
        facts.ObjectionWithdrawn(lot=LOT, number=3, at=at(40)),
    ]
    assert colors(log, 99) == ["green", "red", "green"]


def test_numbers_of_two_lots_are_not_mixed_up():
    assert colors([objection(1), objection(1, OTHER), answered(1, OTHER)], 99) == ["red", "green"]


def test_s27_a_complaint_is_waited_for_until_taken_then_until_decided():
    log = [complaint(120), step("accepted", 300)]
    assert colors(log[:1], 120) == ["red"]
    assert colors(log, 299) == ["green", "yellow"]
    assert colors(log, 300) == ["green", "red"]
    assert colors([*log, step("decided")], 999) == ["green", "green"]


def test_g46_while_a_correction_is_awaited_nobody_is_late():
    log = [complaint(120), step("correcting")]
    assert colors(log, 999) == ["green"]
    assert colors([*log, step("corrected", 500)], 500) == ["green", "red"]


def test_a_lot_that_ended_waits_for_nothing():
    assert colors([objection(), ended(LOT, "cancelled")], 999) == ["green"]
    assert colors([objection(), ended(OTHER, "cancelled")], 999) == ["red"]
    assert colors([objection(), ended(LOT, "sealed")], 999) == ["red"]
