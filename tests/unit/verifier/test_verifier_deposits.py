"""Whose deposit was in order: the opening record says what was logged, and a record that says otherwise is found out."""

from __future__ import annotations

from typing import Any

import pytest

from supervision import deposit_facts
from tests.unit.verifier.honest_tender import LOT, TenderPlay, at
from tests.unit.verifier.rechecked import lies, recheck


class Stating(TenderPlay):
    """`said` stands in the record beside what is logged of the first bid that was opened."""

    said: str | None = "late"
    logged: str | None = "late"
    about = ""

    def row(self, reason: str | None) -> deposit_facts.StatedDeposit:
        bid = self.about or self.admitted[0].bid_id
        return deposit_facts.StatedDeposit(bid_id=bid, bidder="某公司", in_order=reason is None, reason=reason)

    def record(self) -> dict[str, Any]:
        fact = deposit_facts.DepositsStated(lot=LOT, rows=(self.row(self.logged),), at=at(self.now))
        self.log.append(fact)
        return {**super().record(), "deposits": [self.row(self.said).to_json()]}


def played(tmp_path, **changed: str | None) -> list[str]:
    (tmp_path / "bids").mkdir()
    play = Stating(tmp_path / "bids")
    for name, value in changed.items():
        setattr(play, name, value)
    return [f"{claim.topic}: {claim.words.en}" for claim in lies(recheck(play.play(), tmp_path / "archive"))]


@pytest.mark.parametrize("reason", [None, "late"])
def test_g13_a_record_that_says_what_was_logged_holds(tmp_path, reason):
    assert played(tmp_path, said=reason, logged=reason) == []


@pytest.mark.parametrize(("said", "logged"), [(None, "late"), ("late", None)])
def test_g13_a_record_that_says_otherwise_is_a_lie(tmp_path, said, logged):
    found = played(tmp_path, said=said, logged=logged)
    assert len(found) == 1
    assert "whose deposit was in order" in found[0]


def test_g13_a_deposit_of_a_bid_that_was_not_opened_is_not_read_out(tmp_path):
    found = played(tmp_path, about="f" * 32)
    assert len(found) == 1
    assert "its deposit was read out" in found[0]
