"""T29 rechecked: a voiding or a re-evaluation stands on a signed directive of its own, or it is a lie."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from kernel import canonical, keys
from supervision import round_facts
from tests.unit.verifier.honest_tender import LOT, TenderPlay
from tests.unit.verifier.public_log import at
from tests.unit.verifier.rechecked import lies, recheck
from verifier.claims import Mark

REASONS, LAW = "评委应当回避而未回避。", "《招标投标法实施条例》第八十一条"


class Directed(TenderPlay):
    """With directives of the supervising authority."""

    def direct(self, act: str, key: keys.PrivateKey | None = None, **odd: str) -> None:
        said = {
            "type": "kaibiao-directive/1",
            "lot": LOT,
            "act": act,
            "reasons": REASONS,
            "law": LAW,
            "at": at(self.now),
        }
        fields = {"lot": LOT, "act": act, "law": LAW, "reasons_sha256": canonical.sha(REASONS.encode()), **odd}
        signer = key or self.log.nodes["supervisor"].private
        self.log.append(self.log.statement(round_facts.Directive, said, signer, **fields))


class Voided(Directed):
    """After the award."""

    def award(self) -> None:
        super().award()
        self.pass_()
        self.direct("void")
        self.move("void", "MGR")


class VoidedEarly(Directed):
    """While bids are taken; nothing is opened any more."""

    last = "collect"

    def collect(self) -> None:
        super().collect()
        self.direct("void")
        self.move("void", "MGR")


class Reopened(Directed):
    """The committee judges again, and its second result stands."""

    def evaluate(self) -> None:
        super().evaluate()
        self.pass_()
        self.direct("reopen")
        self.move("reopen_evaluation", "MGR")
        self.pass_()
        self.score()
        self.pass_()
        self.put("result.json", self.result())
        self.sign_report()
        self.log.append(self.result_fact())
        self.move("report")


class Withdrawn(Directed):
    """Judged again, and no second result yet."""

    last = "evaluate"

    def evaluate(self) -> None:
        super().evaluate()
        self.pass_()
        self.direct("reopen")
        self.move("reopen_evaluation", "MGR")


@pytest.mark.parametrize("play", [Voided, VoidedEarly, Reopened, Withdrawn])
def test_t29_a_directed_lot_is_no_lie(play: type[TenderPlay], tmp_path: Path) -> None:
    report = recheck(play(tmp_path).play(), tmp_path / "archive")
    assert lies(report) == []
    assert [claim.mark for claim in report.claims if claim.topic == "directives"] == [Mark.HOLDS]


def _undirected(play: Directed) -> None:
    return None


def _by_another_key(play: Directed) -> None:
    play.direct("void", keys.generate())


def _by_the_owner(play: Directed) -> None:
    play.direct("void", play.owner[0])


def _for_something_else(play: Directed) -> None:
    play.direct("reopen")


def _with_other_reasons(play: Directed) -> None:
    play.direct("void", reasons_sha256="ab" * 32)


def _of_another_law(play: Directed) -> None:
    play.direct("void", law="《招标投标法》第一条")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (_undirected, "without a signed directive"),
        (_by_another_key, "not signed with the supervising authority's key"),
        (_by_the_owner, "not signed with the supervising authority's key"),
        (_for_something_else, "without a signed directive"),
        (_with_other_reasons, "another directive"),
        (_of_another_law, "another directive"),
    ],
)
def test_t29_a_voiding_without_its_directive_is_a_lie(
    given: Callable[[Directed], None], words: str, tmp_path: Path
) -> None:
    class Struck(Directed):
        def award(self) -> None:
            super().award()
            given(self)
            self.move("void", "MGR")

    found = lies(recheck(Struck(tmp_path).play(), tmp_path / "archive"))
    assert [claim.topic for claim in found[:1]] == ["directives"]
    assert any(re.search(words, claim.words.en) for claim in found)


def test_t29_one_directive_serves_once(tmp_path: Path) -> None:
    class Twice(Reopened):
        def evaluate(self) -> None:
            super().evaluate()
            self.move("reopen_evaluation", "MGR")

        last = "evaluate"

    found = lies(recheck(Twice(tmp_path).play(), tmp_path / "archive"))
    assert any(claim.topic == "directives" for claim in found)


def test_t29_a_second_result_without_a_reopening_is_a_lie(tmp_path: Path) -> None:
    class Again(TenderPlay):
        last = "evaluate"

        def evaluate(self) -> None:
            super().evaluate()
            self.log.append(self.result_fact())

    found = lies(recheck(Again(tmp_path).play(), tmp_path / "archive"))
    assert any(claim.topic == "result" for claim in found)
