"""What the law asks of a list of those invited. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from kernel.errors import Words
from kernel.law import holds
from tendering.checklist import Obstacle
from tendering.packs import Kind, Pack, Rule

INVITING = frozenset({"invited", "inquiry", "single_source"})
"""Procedures in which only those invited bid."""
EITHER = frozenset({"negotiation", "consultation"})
"""Procedures that find their suppliers by notice, or by a list that is drawn from or recommended (N02)."""
FIELD = "invitations"


class Ground(StrEnum):
    """How an organization came onto the list."""

    OWN = "own"
    LIBRARY = "library"
    PURCHASER = "purchaser"
    EXPERT = "expert"
    SOURCE = "source"


WORDS: dict[Ground, Words] = {
    Ground.OWN: Words("招标人选定", "Chosen by the owner"),
    Ground.LIBRARY: Words("备选名单，随机抽取", "On the list that is drawn from"),
    Ground.PURCHASER: Words("采购人书面推荐", "Recommended in writing by the purchaser"),
    Ground.EXPERT: Words("评审专家书面推荐", "Recommended in writing by experts"),
    Ground.SOURCE: Words("唯一供应商", "The single source"),
}


@dataclass(frozen=True)
class Listed:
    uscc: str
    ground: Ground


@dataclass(frozen=True)
class List:
    """`draw` is how many are drawn of it; None where all are invited. `witnesses` are the names of those who watch."""

    rows: Sequence[Listed]
    draw: int | None
    witnesses: Sequence[str] = ()

    @property
    def by_lot(self) -> bool:
        return any(row.ground is Ground.LIBRARY for row in self.rows)


def by_invitation(pack: Pack, notice: Mapping[str, Any]) -> bool:
    """Whether only those invited bid; `notice` is the draft, or the notice as signed."""
    return pack.procedure in INVITING or (pack.procedure in EITHER and notice.get("suppliers") == "invited")


def grounds(pack: Pack) -> tuple[Ground, ...]:
    """How this law lets an organization come onto the list."""
    if pack.procedure == "single_source":
        return (Ground.SOURCE,)
    if pack.find(Kind.MAX_PERCENT, "invitees.purchaser"):
        return Ground.LIBRARY, Ground.PURCHASER, Ground.EXPERT
    return (Ground.LIBRARY,) if pack.find(Kind.MIN_MULTIPLE, "invitee_list") else (Ground.OWN, Ground.LIBRARY)


def obstacles(pack: Pack, given: List) -> list[Obstacle]:
    """All that keeps the list from being fixed; empty when nothing does."""
    found = [*_grounds(pack, given), *_one(pack, given)]
    return [*found, *(_drawn(pack, given) if given.by_lot else _named(pack, given))]


def _grounds(pack: Pack, given: List) -> Iterator[Obstacle]:
    cited = pack.clause("invitees")
    if any(row.ground not in grounds(pack) for row in given.rows):
        yield _obstacle(
            "ground",
            "名单中有的单位的产生方式不适用于本采购方式。",
            "The law of this procedure does not know the ground of some on the list.",
            cited,
        )
    if given.by_lot and any(row.ground is not Ground.LIBRARY for row in given.rows):
        yield _obstacle(
            "mixed",
            "随机抽取的名单中不得另有指定或者推荐的单位。",
            "A list that is drawn from holds nobody who was chosen or recommended.",
            cited,
        )


@holds("N12.source")
def _one(pack: Pack, given: List) -> Iterator[Obstacle]:
    for rule in pack.find(Kind.MAX_COUNT, "invitees"):
        if len(given.rows) != rule.value:
            yield _obstacle("one", "请写明唯一的供应商。", "Name the one supplier.", rule.cited)


@holds("invitees", "invitees.purchaser")
def _named(pack: Pack, given: List) -> Iterator[Obstacle]:
    """At least so many are invited (C03, N02), of whom the purchaser recommends no more than its share."""
    yield from _least(pack, len(given.rows))
    for rule in pack.find(Kind.MAX_PERCENT, "invitees.purchaser"):
        own = sum(row.ground is Ground.PURCHASER for row in given.rows)
        if own * 100 > rule.value * len(given.rows):
            yield _obstacle(
                "purchaser_share",
                f"采购人推荐的供应商不得超过 {rule.value}%。",
                f"The purchaser recommends at most {rule.value} %.",
                rule.cited,
            )


@holds("invitee_list", "draw_witnesses")
def _drawn(pack: Pack, given: List) -> Iterator[Obstacle]:
    """A draw takes at least so many, of a list long enough, before witnesses (G06)."""
    draw = given.draw or 0
    yield from _least(pack, draw)
    for rule in pack.find(Kind.MIN_MULTIPLE, "invitee_list"):
        if len(given.rows) < rule.value * draw:
            yield _short(rule, rule.value * draw)
    if len(given.rows) < draw:
        yield _obstacle(
            "short", "名单短于拟抽取的数量。", "The list is shorter than the draw.", pack.clause("invitees")
        )
    for rule in pack.find(Kind.MIN_COUNT, "draw_witnesses"):
        if len(set(given.witnesses)) < rule.value:
            yield _obstacle(
                "witnesses",
                f"抽取应有不少于 {rule.value} 名采购人代表监督，请写明姓名。",
                f"At least {rule.value} of the purchaser's people watch the draw: name them.",
                rule.cited,
            )


def _short(rule: Rule, least: int) -> Obstacle:
    return _obstacle(
        "list_short",
        f"备选名单不得少于 {least} 家（拟抽取数量的 {rule.value} 倍）。",
        f"The list holds at least {least}, {rule.value} times as many as are drawn.",
        rule.cited,
    )


def _least(pack: Pack, count: int) -> Iterator[Obstacle]:
    for rule in pack.find(Kind.MIN_COUNT, "invitees"):
        if count < rule.value:
            yield _obstacle(
                "few", f"邀请的单位不得少于 {rule.value} 家。", f"At least {rule.value} are invited.", rule.cited
            )


def _obstacle(name: str, zh: str, en: str, rule: str) -> Obstacle:
    return Obstacle(f"invitation.{name}", zh, en, rule, FIELD)
