"""What the verifier says of objections: the words, the law's time for the reply, and no award before it."""

from __future__ import annotations

import datetime as dt

import pytest

from kernel import canonical
from kernel.clock import rfc3339
from supervision import facts
from tendering import packs
from verifier import objections
from verifier.claims import Mark

LOT, START = "A1", dt.datetime(2026, 11, 23, 1, 0, tzinfo=dt.UTC)
PACK = packs.load("practice.construction.open")


def at(seconds: int) -> str:
    return rfc3339(START + dt.timedelta(seconds=seconds))


def sha(text: str) -> str:
    return canonical.sha(text.encode())


def raised(due: int = 60) -> facts.Fact:
    return facts.ObjectionRaised(
        lot=LOT, number=1, sort="objection", subject="result", suspends=True, text_sha256=sha("问"), warn_at=at(48),
        due_at=at(due), law="C50", at=at(0),
    )  # fmt: skip


def answered() -> facts.Fact:
    return facts.ObjectionAnswered(lot=LOT, number=1, effect="rejected", text_sha256=sha("答"), at=at(30))


def award() -> facts.Fact:
    return facts.Award(lot=LOT, bid_id="0" * 32, manifest_sha256="0" * 64, bidder="甲", price="1.00")


class Log(list):
    """The facts of a log by kind, as the verifier's book finds them."""

    def find(self, kind):
        return [(index, fact) for index, fact in enumerate(self) if isinstance(fact, kind)]


def shown(**changes) -> dict:
    row = {"lot": LOT, "number": 1, "text": "问", "answer": "答", "effect": "rejected"}
    return {"objections": [{**row, **changes}]}


def faults(log: list[facts.Fact], told: dict) -> list[str]:
    return [claim.words.en for claim in objections.check(Log(log), told, PACK) if claim.mark is Mark.LIE]


def test_honest_replies_hold():
    assert faults([raised(), answered(), award()], shown()) == []
    assert faults([raised()], {"objections": []}) == []
    assert faults([], {}) == []


@pytest.mark.parametrize("change", [{"text": "改"}, {"answer": "改"}, {"effect": "upheld"}, {"number": 2}])
def test_a_word_exchanged_is_a_lie(change):
    assert "not those logged" in faults([raised(), answered()], shown(**change))[0]


def test_a_reply_dropped_or_made_up_is_a_lie():
    assert faults([raised(), answered()], {"objections": []})
    assert faults([raised()], shown())


def test_c50_more_time_than_the_law_gives_is_a_lie():
    assert "law pack" in faults([raised(61), answered()], shown())[0]


def test_c50_an_award_before_the_reply_is_a_lie():
    assert "before objection 1" in faults([raised(), award(), answered()], shown())[0]
    assert "before objection 1" in faults([raised(), award()], {"objections": []})[0]
    withdrawn = facts.ObjectionWithdrawn(lot=LOT, number=1, at=at(9))
    assert faults([raised(), withdrawn, award()], {"objections": []}) == []
