"""Who reviews qualification, what is said of each bidder, and how many have to be qualified (G21). Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from kernel import canonical
from kernel.errors import Invalid
from kernel.law import holds
from tendering.packs import Kind, Pack, Rule

TYPE = "kaibiao-qualification/1"
SIDES = ("owner", "agency")
SHORTEST, LONGEST = 4, 2000
_MEMBERS = {"type", "lot", "by", "bids"}


@dataclass(frozen=True)
class Finding:
    """One bidder: qualified, or not and on what ground."""

    bid_id: str
    qualified: bool
    ground: str | None

    @classmethod
    def read(cls, value: Any) -> Self:
        if not isinstance(value, dict) or set(value) != {"bid_id", "qualified", "ground"}:
            raise ValueError("a finding names bid_id, qualified and ground")
        bid_id, qualified, ground = value["bid_id"], value["qualified"], value["ground"]
        if not isinstance(bid_id, str) or not isinstance(qualified, bool) or not isinstance(ground, str | None):
            raise TypeError("a finding says of a bid whether it is qualified, and on what ground it is not")
        return cls(bid_id, qualified, ground)


@dataclass(frozen=True)
class Review:
    """`by`: whose key signs, the purchaser's or the agency's."""

    lot: str
    by: str
    findings: tuple[Finding, ...]

    @property
    def qualified(self) -> list[str]:
        return [one.bid_id for one in self.findings if one.qualified]

    def file(self) -> bytes:
        """The bytes that are signed: the same findings give the same bytes."""
        rows = [vars(one) for one in sorted(self.findings, key=lambda one: one.bid_id)]
        return canonical.encode({"type": TYPE, "lot": self.lot, "by": self.by, "bids": rows})


def read(raw: bytes) -> Review:
    """ValueError or TypeError when these bytes are no such statement."""
    value = canonical.decode(raw)
    if not isinstance(value, dict) or set(value) != _MEMBERS or value["type"] != TYPE or value["by"] not in SIDES:
        raise ValueError(f"not a {TYPE}")
    if not isinstance(value["bids"], list):
        raise TypeError("the findings are a list")
    return Review(str(value["lot"]), value["by"], tuple(map(Finding.read, value["bids"])))


def rule_of(pack: Pack) -> Rule | None:
    """The rule that puts this review before the evaluation; None where the committee reviews, or nobody apart."""
    return next(iter(pack.find(Kind.MIN_COUNT, "qualified")), None)


@holds("G21")
def enough(rule: Rule, review: Review) -> bool:
    return len(review.qualified) >= rule.value


def check(rule: Rule, review: Review, bid_ids: Collection[str]) -> None:
    """Invalid unless each of these bids is found on once, and each that is not qualified has its ground."""
    named = [one.bid_id for one in review.findings]
    missing = sorted(set(bid_ids) - set(named))
    if missing or len(set(named)) != len(named) or set(named) - set(bid_ids):
        raise Invalid(
            "qualification.incomplete",
            "请对每一个投标人作出结论。",
            "Say of every bidder whether it is qualified.",
            rule=rule.cited,
            fields={f"qualified.{one}": "missing" for one in missing},
        )
    _check_grounds(rule, review.findings)


def _check_grounds(rule: Rule, findings: Sequence[Finding]) -> None:
    wrong = [one.bid_id for one in findings if not _fits(one)]
    if wrong:
        raise Invalid(
            "qualification.ground",
            f"认定不合格的，须写明原因（{SHORTEST} 至 {LONGEST} 字），并告知该投标人。",
            f"Whoever is not qualified is told why: {SHORTEST} to {LONGEST} characters.",
            rule=rule.cited,
            fields={f"ground.{one}": "length" for one in wrong},
        )


def _fits(one: Finding) -> bool:
    if one.qualified:
        return one.ground is None
    return one.ground is not None and SHORTEST <= len(one.ground.strip()) <= LONGEST


def typed(form: Mapping[str, str], bid_ids: Collection[str]) -> tuple[Finding, ...]:
    """The findings of a form; a bidder without an answer is left out, for `check` to miss."""
    said = {one: form.get(f"qualified.{one}", "") for one in sorted(bid_ids)}
    return tuple(
        Finding(one, answer == "yes", None if answer == "yes" else form.get(f"ground.{one}", "").strip())
        for one, answer in said.items()
        if answer in ("yes", "no")
    )
