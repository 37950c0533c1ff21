"""C38, G25: a stranger plays the draw of the experts again, and finds whoever sits there without it."""

from __future__ import annotations

import dataclasses
from functools import cached_property
from typing import Any

import pytest

from kernel import canonical, merkle
from supervision import facts
from supervision.draw_facts import ExpertsAppointed, ExpertsDrawn, ExpertsSeated, Passed
from tests.unit.verifier.drawn_experts import DrawnExperts
from tests.unit.verifier.honest_tender import LOT, TenderPlay
from tests.unit.verifier.public_log import at
from tests.unit.verifier.rechecked import recheck
from verifier.claims import Mark

SHA = "0" * 64


def found(play: TenderPlay, until: str | None = None) -> list[tuple[Mark, str]]:
    report = recheck(play.play(until), play.folder / "archive")
    return [(claim.mark, claim.words.en) for claim in report.claims if claim.topic == "experts"]


def playing(tmp_path: Any, made: type[DrawnExperts]) -> TenderPlay:
    class Play(TenderPlay):
        @cached_property
        def draw(self) -> DrawnExperts:
            return made(LOT, len(self.experts))

    return Play(tmp_path)


def test_c38_the_draw_is_replayed_from_the_log_and_after_the_award_by_name(tmp_path):
    for until in ("evaluate", None):
        folder = tmp_path / str(until)
        folder.mkdir()
        (mark, said), *others = found(TenderPlay(folder), until)
        assert (mark, others) == (Mark.HOLDS, [])
        assert said.startswith("a list of 7 stands in entry ")


class Declined(DrawnExperts):
    """The first drawn cannot come: the sixth of the order sits."""

    def seated(self, aliases: list[str]) -> ExpertsSeated:
        self.passed = [Passed(reference=self.order[0], why="declined")]
        return super().seated(aliases)


def test_c38_who_declines_is_passed_over_and_the_next_of_the_order_sits(tmp_path):
    ((mark, said),) = found(playing(tmp_path, Declined))
    assert (mark, "1 passed over" in said) == (Mark.HOLDS, True)


class Favored(DrawnExperts):
    """The last of the order sits instead of the first, and nothing says why."""

    def sits(self, aliases: list[str]) -> dict[str, str]:
        return {**super().sits(aliases), aliases[0]: self.order[-1]}


class OtherSeed(DrawnExperts):
    def drawn(self, listed, size, root) -> ExpertsDrawn:
        return super().drawn(listed, size, bytes(32))


class DrawnByHand(DrawnExperts):
    def drawn(self, listed, size, root) -> ExpertsDrawn:
        made = super().drawn(listed, size, root)
        self.order = self.order[::-1]
        return dataclasses.replace(made, drawn=tuple(self.order[: self.seats]))


class SeatedTwice(DrawnExperts):
    def seated(self, aliases: list[str]) -> ExpertsSeated:
        return super().seated([*aliases[:-1], "E9"])


class OtherName(DrawnExperts):
    def told(self, name: str) -> dict[str, str]:
        return {**super().told(name), "name": "张三"}


class UnderRootBefore(DrawnExperts):
    """The seed was known before the list was fixed."""

    def play(self, log, seconds) -> None:
        size = log.cosign(seconds)
        root = merkle.root(log.entries[:size])
        listed = self.listed(seconds)
        log.append(listed)
        log.append(self.drawn(listed, size, root))


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (Favored, "those who sit are not the first of the order"),
        (OtherSeed, "no root of the log"),
        (DrawnByHand, "the draw, played again, gives others"),
        (SeatedTwice, "aliases are not those of the drawn"),
        (OtherName, "the name told of E1 is not the one listed"),
        (UnderRootBefore, "no root of the log after the list's entry"),
    ],
)
def test_c38_a_draw_that_the_log_does_not_give_is_a_lie(tmp_path, made, said):
    lies = [words for mark, words in found(playing(tmp_path, made)) if mark is Mark.LIE]
    assert any(said in words for words in lies), lies


class Named(TenderPlay):
    """Members named without a draw; `ground` is what the log says of it, empty for nothing."""

    ground, document = "complex", "青发改〔2026〕8号"

    @cached_property
    def draw(self) -> Any:
        return _NoDraw(self)

    def name_members(self) -> None:
        """Their names stand in the list, and open nothing."""


class _NoDraw:
    def __init__(self, of: Named) -> None:
        self.of = of

    def play(self, _log, _seconds) -> None:
        """Nobody is drawn."""

    def seated(self, _aliases) -> facts.Fact:
        said = {"document": self.of.document, "consent": "", "reasons_sha256": SHA, "at": at(1)}
        if self.of.ground:
            return ExpertsAppointed(lot=LOT, ground=self.of.ground, **said)
        return facts.DocumentAdded(tender=LOT[:20], name="x", size=1, sha256=SHA)


def test_c38_a_special_projects_ground_is_shown(tmp_path):
    assert found(Named(tmp_path)) == [
        (Mark.HOLDS, "the experts were named without a draw (Complex technology, a narrow field) by 青发改〔2026〕8号")
    ]


@pytest.mark.parametrize(
    ("ground", "document", "said"),
    [
        ("", "", "neither drawn nor named"),
        ("friends", "x", "no ground of the law"),
        ("complex", "", "no ground of the law"),
    ],
)
def test_c38_a_committee_named_without_a_ground_is_a_lie(tmp_path, ground, document, said):
    play = Named(tmp_path)
    play.ground, play.document = ground, document
    assert any(mark is Mark.LIE and said in words for mark, words in found(play))


def test_before_the_committee_the_claim_is_not_due(tmp_path):
    assert found(TenderPlay(tmp_path), "open") == [(Mark.NOT_DUE, "no experts are drawn yet")]


def test_no_name_stands_in_the_public_files_before_the_award(tmp_path):
    files = TenderPlay(tmp_path).play("evaluate")
    assert "专家子" not in "".join(raw.decode("utf8", "replace") for raw in files.values())
    assert canonical.decode(files[f"lots/{LOT}/committee.json"])["members"][0].keys() == {"alias", "kind", "sign_key"}
