"""What the host signed of the recording, rechecked against the law and the log (G20)."""

from __future__ import annotations

from pathlib import Path

import pytest

from supervision import facts
from supervision.lotview import OPENING
from supervision.recording_facts import ExceptionApproved
from tests.unit.verifier import honest_tender
from tests.unit.verifier.honest_tender import LOT, TenderPlay
from tests.unit.verifier.public_log import at
from tests.unit.verifier.rechecked import lies, recheck
from verifier.claims import Mark

TOPIC = "recordings"


class Said(TenderPlay):
    """The host says of the recording what `word` is."""

    word = "none"

    def start(self) -> None:
        content = {"type": OPENING, "lot": LOT, "at": at(self.now), "recording": self.word, "deposits": "none"}
        self.log.append(self.log.statement(facts.OpeningStarted, content, self.owner[0], lot=LOT, by="owner"))


class Overridden(Said):
    word = "overridden"


class Excepted(Overridden):
    """Two organizations let it pass before."""

    def start(self) -> None:
        self.log.append(ExceptionApproved(lot=LOT, what="recording", reason="录像主机故障", law="G20", at=at(self.now)))
        super().start()


def test_g20_where_the_law_asks_for_no_recording_nothing_is_claimed_of_it(tmp_path: Path) -> None:
    report = recheck(Said(tmp_path).play(), tmp_path / "archive")
    assert lies(report) == []
    assert [claim for claim in report.claims if claim.topic == TOPIC] == []


def test_g20_an_exception_that_nobody_approved_is_a_lie(tmp_path: Path) -> None:
    found = lies(recheck(Overridden(tmp_path).play(), tmp_path / "archive"))
    assert [claim.topic for claim in found] == [TOPIC]


def of_recording(play: type[TenderPlay], folder: Path) -> list[Mark]:
    report = recheck(play(folder).play(), folder / "archive")
    return [claim.mark for claim in report.claims if claim.topic == TOPIC]


@pytest.mark.parametrize(
    ("play", "mark"), [(Said, Mark.LIE), (Overridden, Mark.LIE), (Excepted, Mark.HOLDS), (TenderPlay, Mark.HOLDS)]
)
def test_g20_in_procurement_only_a_recording_or_an_approved_exception_holds(
    play: type[TenderPlay], mark: Mark, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(honest_tender, "PACK", "practice.procurement.open")
    assert of_recording(play, tmp_path)[0] is mark
