"""Objections, queries and inquiries: each reply is the one logged, was given the law's time, and stopped what it had to stop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kernel import canonical
from kernel.clock import parse_rfc3339, rfc3339
from kernel.errors import Words
from supervision import facts
from tendering import timetable
from tendering.objections import rules
from tendering.objections.rules import Sort, Subject
from tendering.packs import Pack
from verifier.claims import Section, one
from verifier.log import Book

Key = tuple[str, int]
TOPIC = "objections"


def check(book: Book, told: Mapping[str, Any], pack: Pack | None) -> Section[None]:
    """One claim for all of them."""
    raised = {(fact.lot, fact.number): (index, fact) for index, fact in book.find(facts.ObjectionRaised)}
    answers = {(fact.lot, fact.number): fact for _, fact in book.find(facts.ObjectionAnswered)}
    good = Words(
        f"异议、质疑和询问 {len(raised)} 件，已答复 {len(answers)} 件，与日志相符",
        f"{len(raised)} raised and {len(answers)} answered, each as logged",
    )
    faults = [*_words(told, raised, answers), *_periods(raised, pack), *_awards(book, raised)]
    yield from one(TOPIC, faults, good)


def _words(
    told: Mapping[str, Any],
    raised: Mapping[Key, tuple[int, facts.ObjectionRaised]],
    answers: Mapping[Key, facts.ObjectionAnswered],
) -> Iterator[Words]:
    """What is shown are the words whose hashes were logged, and none was dropped."""
    logged = {
        (*key, raised[key][1].text_sha256 if key in raised else "", answer.text_sha256, answer.effect)
        for key, answer in answers.items()
    }
    shown = {
        (row["lot"], row["number"], _sha(row["text"]), _sha(row["answer"]), row["effect"])
        for row in told.get("objections", [])
    }
    if shown != logged:
        yield Words("公布的异议（质疑、询问）和答复与日志不符", "the objections and replies shown are not those logged")


def _periods(raised: Mapping[Key, tuple[int, facts.ObjectionRaised]], pack: Pack | None) -> Iterator[Words]:
    """The time for the reply is the law pack's."""
    table = timetable.calendar()
    for (lot, number), (_, fact) in raised.items():
        at = parse_rfc3339(fact.at)
        due = pack and rules.reply_due(pack, (Sort(fact.sort), Subject(fact.subject)), at, table)
        if due and rfc3339(due.at) != fact.due_at:
            yield Words(
                f"标段 {lot} 第 {number} 号的答复期限不是规则包规定的期限",
                f"the reply to no. {number} of lot {lot} is due at another time than the law pack sets",
            )


def _awards(book: Book, raised: Mapping[Key, tuple[int, facts.ObjectionRaised]]) -> Iterator[Words]:
    """No lot was awarded while an objection that stops it was open (C14, C50)."""
    answered = {(fact.lot, fact.number): index for index, fact in book.find(facts.ObjectionAnswered)}
    withdrawn = {(fact.lot, fact.number): index for index, fact in book.find(facts.ObjectionWithdrawn)}
    settled = answered | withdrawn
    for index, award in book.find(facts.Award):
        for key, (since, fact) in raised.items():
            if fact.suspends and key[0] == award.lot and since < index < settled.get(key, index + 1):
                yield Words(
                    f"标段 {award.lot} 在第 {key[1]} 号异议答复前定标",
                    f"lot {award.lot} was awarded before objection {key[1]} had its reply",
                )


def _sha(text: str) -> str:
    return canonical.sha(text.encode())
