"""What a stranger finds wrong with the end of applications: moved earlier, without a rule, too often, or not where the log puts it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from supervision import facts
from supervision.offer_facts import ListingMoved
from tendering import packs
from verifier import listings
from verifier.claims import Mark

LOT = "B9901010000000001001001"
FIRST, SECOND = "2026-03-17T09:00:00Z", "2026-03-24T16:00:00Z"


def extended(was: str = FIRST, now: str = SECOND, at: str = FIRST, cause: str = "extended") -> ListingMoved:
    return ListingMoved.read({"lot": LOT, "was": was, "now": now, "cause": cause, "law": "P06.extend 法", "at": at})


def moved(event: str, at: str) -> facts.StateChanged:
    return facts.StateChanged(
        lot=LOT, was="listing", now="failed", event=event, plane="clock", role="CLOCK", at=at, law=("法",), guards=()
    )


def lies(*log: Any, shown: str, extensions: int | None = 1, pack: str = "cn.property.transfer.2026") -> list[str]:
    def logged(kind: type) -> list[tuple[int, Any]]:
        return [(index, fact) for index, fact in enumerate(log) if isinstance(fact, kind)]

    def happened(event: str) -> Any:
        return next((fact for _, fact in logged(facts.StateChanged) if fact.event == event), None)

    sale = {"applications_due": FIRST, "extensions": extensions}
    case = SimpleNamespace(pack=packs.load(pack), notice={"lots": [{"lot": LOT, "sale": sale}]})
    lot: Any = SimpleNamespace(
        code=LOT, case=case, told={"applications_due": shown}, logged=logged, happened=happened
    )  # fmt: skip
    return [claim.words.en for claim in listings.moves(lot) if claim.mark is Mark.LIE]


def test_p06_extend_by_the_laws_period_as_often_as_announced_is_honest() -> None:
    assert lies(shown=FIRST) == []
    assert lies(extended(), shown=SECOND) == []
    assert lies(extended(), moved("no_taker", SECOND), shown=SECOND) == []


@pytest.mark.parametrize(
    ("log", "shown", "said"),
    [
        ([extended(now="2026-03-25T16:00:00Z")], "2026-03-25T16:00:00Z", "period"),
        ([extended(was=SECOND, at=SECOND, now="2026-03-31T16:00:00Z")], "2026-03-31T16:00:00Z", "what stood"),
        ([extended(at="2026-03-16T09:00:00Z")], SECOND, "before the end"),
        ([extended()], FIRST, "another end"),
        ([moved("no_taker", "2026-03-16T09:00:00Z")], FIRST, "before applications did"),
        ([extended(cause="resumed")], SECOND, "without a resumption"),
    ],
)
def test_p06_t09_a_move_that_no_rule_makes_is_a_lie(log: list[Any], shown: str, said: str) -> None:
    assert any(said in one for one in lies(*log, shown=shown))


def test_p06_extend_more_often_than_announced_or_where_the_law_knows_none_is_a_lie() -> None:
    assert any("more often" in one for one in lies(extended(), shown=SECOND, extensions=None))
    assert any("without a rule" in one for one in lies(extended(), shown=SECOND, pack="cn.other.local.2026"))
