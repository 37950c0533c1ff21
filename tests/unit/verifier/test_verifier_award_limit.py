"""The limit on lots of the signed notice, rechecked against the awards logged before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from supervision import facts
from tests.unit.verifier.honest_tender import LOT, TENDER, TenderPlay
from tests.unit.verifier.public_log import at
from tests.unit.verifier.rechecked import lies, recheck

OTHER = TENDER + "009"


class Limited(TenderPlay):
    """One lot to a bidder; the best one of this lot has won the other lot before."""

    state_of_other = "awarded"

    def notice(self) -> dict[str, Any]:
        return {**super().notice(), "award_limit": {"most": 1, "order": [OTHER, LOT]}}

    def award(self) -> None:
        self.pass_()
        best = self.candidates()[0]
        self.log.append(facts.Award(lot=OTHER, **best))
        self.log.append(
            facts.StateChanged(
                lot=OTHER, was="publicity", now=self.state_of_other, event="award", plane="manage", role="OWNER",
                at=at(self.now), law=("x",), guards=(),
            )
        )  # fmt: skip
        super().award()

    def winner(self, candidates: list[dict[str, str]]) -> dict[str, str]:
        return candidates[1]


class Greedy(Limited):
    """Wins the second lot as well."""

    def winner(self, candidates: list[dict[str, str]]) -> dict[str, str]:
        return candidates[0]


class Unlimited(Limited):
    """The other lot was struck down before, so nobody is passed over."""

    state_of_other = "voided"


def test_c51_who_is_passed_over_by_the_notice_is_no_lie(tmp_path: Path) -> None:
    assert lies(recheck(Limited(tmp_path).play(), tmp_path / "archive")) == []


@pytest.mark.parametrize("play", [Greedy, Unlimited])
def test_c51_an_award_against_the_notices_limit_is_a_lie(play: type[TenderPlay], tmp_path: Path) -> None:
    found = lies(recheck(play(tmp_path).play(), tmp_path / "archive"))
    assert [claim.topic for claim in found] == ["award"]
