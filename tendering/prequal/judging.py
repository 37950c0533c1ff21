"""How applications are judged: answers and verdicts on the published criteria alone, and by whom. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from kernel.errors import Invalid
from tendering.packs import Kind, Pack, Rule
from tendering.prequal.rules import LAW, Criterion

MAX_ANSWER, MAX_REASON = 4000, 1000


@dataclass(frozen=True)
class Verdict:
    passes: bool
    reason: str = ""


@dataclass(frozen=True)
class Finding:
    """What the reviewers together found of one criterion; `reasons` are those of whoever said no."""

    criterion: Criterion
    passes: bool
    reasons: tuple[str, ...] = ()


def check_answers(criteria: Sequence[Criterion], answers: Mapping[str, str]) -> dict[str, str]:
    """An answer to every criterion; Invalid naming the ones left out."""
    found = {one.id: answers.get(one.id, "").strip() for one in criteria}
    wrong = [name for name, text in found.items() if not 0 < len(text) <= MAX_ANSWER]
    if wrong:
        raise Invalid(
            "application.answers",
            f"请逐条回答审查标准，每条 1 至 {MAX_ANSWER} 字。",
            f"Answer every criterion in 1 to {MAX_ANSWER} characters.",
            rule=LAW,
            fields=dict.fromkeys(wrong, "length"),
        )
    return found


def check_verdicts(criteria: Sequence[Criterion], given: Mapping[str, Verdict]) -> dict[str, Verdict]:
    """A verdict on every published criterion and on no other; who says no says why."""
    if set(given) != {one.id for one in criteria}:
        raise Invalid(
            "prequal.verdicts",
            "请对每一条公布的标准作出结论；不得使用未公布的标准。",
            "Judge by every published criterion, and by no other.",
            rule=LAW,
            fields={"verdicts": "missing"},
        )
    silent = [name for name, one in given.items() if not one.passes and not 4 <= len(one.reason.strip()) <= MAX_REASON]
    if silent:
        raise Invalid(
            "prequal.reason",
            f"结论为不合格的，请写明理由（4 至 {MAX_REASON} 字）。",
            f"Say why where a criterion is not met, in 4 to {MAX_REASON} characters.",
            rule=LAW,
            fields=dict.fromkeys(silent, "reason"),
        )
    return dict(given)


def findings(criteria: Sequence[Criterion], reviews: Sequence[Mapping[str, Verdict]]) -> list[Finding]:
    """Criterion by criterion as more than half of the reviewers found; the reasons of all who said no are told."""
    return [_finding(one, [review[one.id] for review in reviews]) for one in criteria]


def _finding(criterion: Criterion, said: Sequence[Verdict]) -> Finding:
    yes = sum(one.passes for one in said)
    passes = 2 * yes > len(said)
    reasons = () if passes else tuple(one.reason.strip() for one in said if not one.passes)
    return Finding(criterion, passes, reasons)


@dataclass(frozen=True)
class Member:
    """Somebody proposed for the review committee."""

    login: str
    expert: bool
    uscc: str
    owner: bool = False


def check_committee(pack: Pack, members: Sequence[Member], applicants: Collection[str]) -> None:
    """Made up as an evaluation committee is (条例 18 with L 37): its size and odd number, two thirds experts, no conflict."""
    for rule in pack.find(Kind.ODD_COUNT, "committee"):
        if len(members) < rule.value or len(members) % 2 == 0:
            raise _unlawful(f"资格审查委员会应为 {rule.value} 人以上单数。", f"The committee has an odd number of at least {rule.value} members.", rule)  # fmt: skip
    experts = sum(one.expert for one in members)
    for rule in pack.find(Kind.MIN_FRACTION, "committee.experts"):
        if 3 * experts < rule.value * len(members):
            raise _unlawful("专家不得少于成员总数的三分之二。", "At least two thirds are experts.", rule)
    for one in members:
        _check_member(pack, one, applicants)


def _check_member(pack: Pack, member: Member, applicants: Collection[str]) -> None:
    if not (member.expert or member.owner) or member.uscc in applicants:
        raise Invalid(
            "prequal.member",
            f"{member.login} 不是评审专家或者招标人代表，或者与申请人有利害关系。",
            f"{member.login} is neither an expert nor of the owner, or belongs to an applicant.",
            rule=pack.clause("recusal") or LAW,
            fields={"members": member.login},
        )


def _unlawful(zh: str, en: str, rule: Rule) -> Invalid:
    return Invalid("prequal.committee", zh, en, rule=rule.cited, fields={"members": "number"})
