"""What the law asks of a negotiation: its steps, its words, and who may go on to final quotes. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from evaluation.negotiation.visibility import TABLE, Phase, Viewer
from kernel import canonical
from kernel.errors import Conflict, Forbidden, Invalid, Words
from kernel.law import holds
from kernel.statements import Signed

RECORD = "kaibiao-negotiation/1"
REQUIREMENTS = "kaibiao-requirements/1"
LEAST_SECONDS, MOST_SECONDS = 60, 30 * 24 * 3600
SUPPLIER = "supplier"


class Sort(StrEnum):
    """What a message is; there are no others, so that nothing passes but what is recorded."""

    QUESTION = "question"
    ANSWER = "answer"
    RESPONSE = "response"


SORT_WORDS = {
    Sort.QUESTION: Words("小组提问", "The team asks"),
    Sort.ANSWER: Words("供应商答复", "The supplier answers"),
    Sort.RESPONSE: Words("修改后的响应文件", "Revised response"),
}


class Standing(StrEnum):
    """How a supplier stands when the negotiation ends."""

    STAYS = "stays"
    LEFT = "left"
    NONCONFORMING = "nonconforming"
    NOT_CHOSEN = "not_chosen"
    """Its design had no majority (N06)."""


STANDING_WORDS = {
    Standing.STAYS: Words("继续参加，提交最后报价", "Stays, and gives a final quote"),
    Standing.LEFT: Words("已退出", "Withdrew"),
    Standing.NONCONFORMING: Words("未实质性响应，不进入最后报价", "Does not conform: gives no final quote"),
    Standing.NOT_CHOSEN: Words("设计方案未获推荐", "Its design was not recommended"),
}


def written(text: str, law: str) -> str:
    """The words, 2 to 4000 of them; Invalid otherwise."""
    found = text.strip()
    if not 2 <= len(found) <= 4000:
        raise Invalid(
            "negotiation.words",
            "请用 2 至 4000 字写明。",
            "Write 2 to 4000 characters.",
            rule=law,
            fields={"text": "length"},
        )
    return found


@holds("N04")
def check_reads(viewer: Viewer, law: str) -> None:
    """A thread is its supplier's and the team's; nobody else's, whatever their office (N04)."""
    if not TABLE.may_see(viewer, Phase.RUNNING, "thread"):
        raise Forbidden(
            "negotiation.not_yours",
            "不得查看其他供应商的谈判（磋商）内容；此次尝试已记录并预警。",
            "Another supplier's thread is not shown; the attempt was recorded and raised an alert.",
            rule=law,
        )


@holds("N04")
def check_session(*, begun: bool, bid_id: str | None, wanted: str, law: str) -> None:
    """The team speaks with one supplier at a time, and only when all of it is there (N04)."""
    if bid_id != wanted or not begun:
        raise Conflict(
            "negotiation.no_session",
            "须在小组全体成员到场、与该供应商单独谈判（磋商）时提出和答复。",
            "Questions and answers pass while the whole team sits with this one supplier.",
            rule=law,
        )


def statement(lot: str, number: int, text: str) -> bytes:
    """What the purchaser signs to change the requirements."""
    return canonical.encode({"type": REQUIREMENTS, "lot": lot, "number": number, "text": text})


def requirements(documents: Sequence[str], changes: Sequence[str]) -> str:
    """The hash of the requirements as they stand: the documents and every change, by their hashes in order."""
    return canonical.sha(canonical.encode({"documents": sorted(documents), "changes": list(changes)}))


@dataclass(frozen=True)
class Concluded:
    """What the record says of one supplier; `ground` in words stays with the team and that supplier."""

    bid_id: str
    standing: Standing
    ground: str | None = None

    def to_json(self) -> dict[str, Any]:
        sha256 = None if self.ground is None else canonical.sha(self.ground.encode())
        return {"bid_id": self.bid_id, "standing": self.standing.value, "ground_sha256": sha256}


def record(lot: str, suppliers: Sequence[Concluded], requirements_sha256: str, quote_seconds: int) -> bytes:
    """What every member of the team signs to end the negotiation."""
    return canonical.encode(
        {
            "type": RECORD,
            "lot": lot,
            "suppliers": [one.to_json() for one in sorted(suppliers, key=lambda one: one.bid_id)],
            "requirements_sha256": requirements_sha256,
            "quote_seconds": quote_seconds,
        }
    )


def check_signed(signed: Signed, expected: bytes, law: str) -> None:
    """The member signed the record as it stands now; who withdrew or what changed since makes another record."""
    if signed.raw != expected:
        raise Conflict(
            "negotiation.other_record",
            "谈判（磋商）记录已变化，请刷新后重新签署。",
            "The record is another one now: reload and sign again.",
            rule=law,
        )


def concluded(
    bids: Collection[str], left: Collection[str], grounds: Mapping[str, str], chosen: Collection[str] | None
) -> list[Concluded]:
    """How each supplier stands; `chosen` are the designs that the team's majority recommends, None where it did not vote."""
    return [Concluded(bid_id, *_standing(bid_id, left, grounds, chosen)) for bid_id in sorted(bids)]


def _standing(
    bid_id: str, left: Collection[str], grounds: Mapping[str, str], chosen: Collection[str] | None
) -> tuple[Standing, str | None]:
    if bid_id in left:
        return Standing.LEFT, None
    if bid_id in grounds:
        return Standing.NONCONFORMING, grounds[bid_id]
    return (Standing.STAYS if chosen is None or bid_id in chosen else Standing.NOT_CHOSEN), None


@holds("designs")
def chosen(votes: Mapping[str, Sequence[str]], team: Collection[str], least: int, law: str) -> frozenset[str]:
    """The designs for which more than half of the team voted; Conflict when fewer than the law asks have it (N06)."""
    found = frozenset(bid_id for bid_id, voters in votes.items() if 2 * len(set(voters) & set(team)) > len(team))
    if len(found) < least:
        raise Conflict(
            "negotiation.designs",
            f"经投票推荐的设计方案不足 {least} 个。",
            f"Fewer than {least} designs have the team's majority.",
            rule=law,
            chosen=len(found),
        )
    return found


def check_seconds(seconds: int, law: str, *, practice: bool) -> int:
    """Time for final quotes that somebody can keep; in practice counted in seconds."""
    least = LEAST_SECONDS if practice else 30 * 60
    if not least <= seconds <= MOST_SECONDS:
        raise Invalid(
            "negotiation.time",
            f"提交最后报价的时间应不少于 {least // 60} 分钟，不超过 30 日。",
            f"Final quotes take at least {least // 60} minutes and at most 30 days.",
            rule=law,
            fields={"quote_seconds": "range"},
        )
    return seconds
