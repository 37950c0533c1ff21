"""C20.base in the hall: the base price is told after the read-out has begun, and the board shows it or why there is none."""

from __future__ import annotations

import pytest

from livestream import rules
from livestream.board import Board
from livestream.rules import NotYetError
from tendering.states import LotState

SAID = {"amount": "19500000.00", "amount_words": "壹仟玖佰伍拾万元整", "log_index": 7}
UNREAD = {"reason": "封存的内容中没有金额", "reason_en": "what was sealed holds no amount", "log_index": 8}


def board(kind: str, data: dict[str, object]) -> Board:
    return Board.of_events([{"seq": 1, "at": "2026-11-23T01:00:00Z", "kind": kind, **data}])


@pytest.mark.parametrize("kind", ["base_price.readout", "base_price.unread"])
def test_c20_base_nothing_is_told_of_it_before_the_read_out(kind: str) -> None:
    with pytest.raises(NotYetError):
        rules.check_time(kind, LotState.OPENING, {"sealed", "unsealing"})
    rules.check_time(kind, LotState.OPENING, {"unsealing", "readout"})
    assert rules.project(kind, {**SAID, **UNREAD, "secret": "x"}).keys() <= {*SAID, *UNREAD}


def test_c20_base_the_board_shows_the_amount() -> None:
    found = board("base_price.readout", SAID)
    assert found.base_price is not None
    assert (found.base_price.figures, found.base_price.price_words) == ("19,500,000.00", "壹仟玖佰伍拾万元整")
    assert found.feed[0].words.zh == "公布标底 19,500,000.00 元"
    assert found.feed[0].log_index == 7
    assert found.lines == {}, "it is no line of a bidder"


def test_c20_base_the_board_says_why_it_could_not_be_opened() -> None:
    found = board("base_price.unread", UNREAD)
    assert found.base_price is not None
    assert found.base_price.reason is not None
    assert found.base_price.reason.en == "what was sealed holds no amount"
    assert "标底未能开启" in found.feed[0].words.zh
