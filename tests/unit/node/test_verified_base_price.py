"""C20.base: a stranger opens the base price again from the log, and finds out every other amount, a second one and a silence."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from kernel import canonical, money
from kernel.statements import Signed
from sealing import baseprice
from sealing.baseprice import BasePrice, Revealed
from supervision import facts
from supervision.base_price_facts import BasePriceLine, BasePriceOpened, BasePriceSealed, BasePriceUnread
from tests.unit.node.node_lot import LOT, OPENS, LotPlay
from tests.unit.node.test_node_base_price import closed, logged, sealed
from verifier.baseprice import base_price
from verifier.case import LotCase
from verifier.claims import Mark

pytestmark = pytest.mark.slow

AT = "2026-11-23T01:30:00Z"
SHA = "base_price_sha256"


def played(play: LotPlay) -> tuple[Signed, list[tuple[int, Any]], Any]:
    """What the log says once the trustees have spoken: sealed, and their lines."""
    signed = logged(play, sealed(play))
    closed(play)
    play.go_to(OPENS)
    play.start_opening()
    play.log_hashes()
    node = play.world.nodes["supervisor"]
    found: list[tuple[int, Any]] = [
        (index, fact) for index, fact in node.lots.mirror.facts_of(LOT) if isinstance(fact, BasePriceSealed)
    ]
    answers = [one for one in play.world.net.answers if one["kind"] == "base_price.line"]
    lines = [BasePriceLine(lot=LOT, node=one["node"], **one["body"]) for one in answers]
    found += [(1000 + at, line) for at, line in enumerate(lines)]
    return signed, found, node.lots.view(LOT)


def marks(play: LotPlay, view: Any, log: list[tuple[int, Any]]) -> list[str]:
    def of(kind: type) -> list[tuple[int, Any]]:
        return [(index, fact) for index, fact in log if isinstance(fact, kind)]

    book = SimpleNamespace(policy=play.world.policy)
    lot = SimpleNamespace(logged=of, view=view, book=book, all_terms=(view.terms,), code=LOT)
    return [claim.mark for claim in base_price(cast("LotCase", lot))]


def opened(signed: Signed, amount: str, plain: bytes) -> BasePriceOpened:
    return BasePriceOpened(lot=LOT, sheet_sha256=canonical.sha(plain), amount=amount, at=AT, **{SHA: signed.sha256})


@pytest.fixture
def case(play: LotPlay) -> tuple[LotPlay, Signed, list[tuple[int, Any]], Any, Revealed]:
    signed, log, view = played(play)
    said = [baseprice.BaseLine.read(fact.signed) for _, fact in log if isinstance(fact, BasePriceLine)]
    found = baseprice.reveal(BasePrice.read(signed), {one.i: one.line.encode() for one in said if one.line})
    assert isinstance(found, Revealed)
    return play, signed, log, view, found


def test_c20_base_the_amount_that_was_sealed_holds_and_any_other_is_a_lie(case: Any) -> None:
    play, signed, log, view, found = case
    true = opened(signed, money.wire(found.amount), found.plain)
    assert marks(play, view, [*log, (2000, true)]) == [Mark.HOLDS]
    false = opened(signed, "10000000.00", found.plain)
    assert marks(play, view, [*log, (2000, false)]) == [Mark.LIE]
    assert Mark.LIE in marks(play, view, [*log, (2000, true), (2001, false)])
    assert marks(play, view, [*log[:2], (2000, true)]) == [Mark.LIE], "one trustee's line opens nothing"


def test_c20_base_one_that_opens_is_not_said_to_be_unreadable_nor_passed_over(case: Any) -> None:
    play, signed, log, view, _ = case
    unread = BasePriceUnread(lot=LOT, rule="1.5", reason="too few", at=AT, **{SHA: signed.sha256})
    assert marks(play, view, [*log, (2000, unread)]) == [Mark.LIE]
    assert marks(play, view, log) == [Mark.HOLDS, Mark.NOT_DUE]
    record = facts.OpeningRecord(lot=LOT, record_sha256="0" * 64, signatures=())
    assert Mark.LIE in marks(play, view, [*log, (2000, record)])


def test_c20_base_a_second_one_in_the_log_and_one_after_the_cut_are_lies(case: Any) -> None:
    play, _, log, view, _ = case
    other = sealed(play, "1.00")
    twin = BasePriceSealed(lot=LOT, at=AT, **other.to_json())
    assert Mark.LIE in marks(play, view, [(log[0][0] + 1, twin), *log])
    assert Mark.LIE in marks(play, view, [*log, (view.final.fact.cut_size, twin)])
    assert marks(play, view, []) == []
