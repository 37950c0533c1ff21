"""What the law says of a deposit: whether it is in order, what sets its return going, and until when. Pure."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from kernel import money
from kernel.errors import Words
from kernel.law import holds
from kernel.money import Fen
from tendering import timetable
from tendering.packs import Kind, Pack, Rule


class Problem(StrEnum):
    """Why money or a letter does not count as the deposit."""

    LATE = "late"
    PAYER = "payer"
    ACCOUNT = "account"
    CASH = "cash"
    EXCESS = "excess"
    SHORT = "short"
    VALIDITY = "validity"
    UNKNOWN = "unknown"
    NOTHING = "nothing"


PROBLEM_WORDS: dict[Problem, Words] = {
    Problem.LATE: Words("截止后到账", "arrived after the deadline"),
    Problem.PAYER: Words("付款人不是投标人", "the payer is not the bidder"),
    Problem.ACCOUNT: Words("不是从基本账户转出", "not from the basic account"),
    Problem.CASH: Words("不得以现金交纳", "cash is not taken"),
    Problem.EXCESS: Words("超出应交金额的部分", "more than was asked for"),
    Problem.SHORT: Words("金额不足", "less than was asked for"),
    Problem.VALIDITY: Words("保函有效期短于投标有效期", "the letter ends before the bid's validity"),
    Problem.UNKNOWN: Words("没有这个缴款编号", "no such payment number"),
    Problem.NOTHING: Words("未见到账", "nothing arrived"),
}


class Means(StrEnum):
    """How the money was paid in."""

    TRANSFER = "transfer"
    CHEQUE = "cheque"
    CASH = "cash"


class Cause(StrEnum):
    """What sets a return going."""

    WITHDRAWN = "withdrawn"
    TERMINATED = "terminated"
    LOST = "lost"
    WON = "won"


CAUSE_WORDS: dict[Cause, Words] = {
    Cause.WITHDRAWN: Words("撤回投标", "Bid withdrawn"),
    Cause.TERMINATED: Words("项目终止或失败", "Tender ended"),
    Cause.LOST: Words("未中标", "Not chosen"),
    Cause.WON: Words("中标", "Chosen"),
}


@dataclass(frozen=True)
class Paid:
    """Money as the channel says it came; its own time decides, never ours."""

    amount: Fen
    at: dt.datetime
    means: Means
    name: str
    account: str


@dataclass(frozen=True)
class Asked:
    """What was asked of whom, what is held of it already, and until when it had to be there."""

    due: Fen
    held: Fen
    bidder: str
    basic: str | None
    closes_at: dt.datetime


@dataclass(frozen=True)
class Verdict:
    held: Fen
    problem: Problem | None


@holds("deposit_paid", "deposit_basic_account")
def judge(pack: Pack, paid: Paid, asked: Asked) -> Verdict:
    """How much counts: in time by the channel's clock (L06), the bidder's own, from its basic account where the law says so (C17)."""
    if paid.at > asked.closes_at:
        return Verdict(Fen(0), Problem.LATE)
    if plain(paid.name) != plain(asked.bidder):
        return Verdict(Fen(0), Problem.PAYER)
    if paid.means is Means.CASH and pack.find(Kind.FORBIDDEN, "deposit_cash"):
        return Verdict(Fen(0), Problem.CASH)
    if pack.find(Kind.REQUIRED, "deposit_basic_account") and not _same_account(paid.account, asked.basic):
        return Verdict(Fen(0), Problem.ACCOUNT)
    room = max(asked.due - asked.held, 0)
    if paid.amount > room:
        return Verdict(Fen(room), Problem.EXCESS)
    return Verdict(paid.amount, None)


def plain(name: str) -> str:
    """A name as it is compared: full-width forms, spaces and punctuation do not tell two companies apart, words do."""
    folded = unicodedata.normalize("NFKC", name)
    return "".join(letter for letter in folded if letter.isalnum()).casefold()


def digits(account: str) -> str:
    """An account number as it is compared."""
    return plain(account)


def _same_account(given: str, basic: str | None) -> bool:
    return basic is not None and digits(given) == digits(basic)


@dataclass(frozen=True)
class Letter:
    amount: Fen
    received_at: dt.datetime
    valid_until: dt.datetime


@holds("validity_ends:deposit_ends")
def judge_letter(pack: Pack, letter: Letter, asked: Asked, validity_ends: dt.datetime | None) -> Problem | None:
    """A letter of guarantee stands at least as long as the bid (C16), in full and in time."""
    if letter.received_at > asked.closes_at:
        return Problem.LATE
    if letter.amount < asked.due:
        return Problem.SHORT
    if validity_ends and letter.valid_until < validity_ends and pack.find(Kind.SAME_MOMENT, "deposit_ends"):
        return Problem.VALIDITY
    return None


# What goes back ----------------------------------------------------------------------------------------------------

Moments = Mapping[str, dt.datetime | None]


@dataclass(frozen=True)
class Duty:
    """Give it back by `due_at`; `rule` says that it goes back."""

    cause: Cause
    rule: Rule
    began_at: dt.datetime
    due_at: dt.datetime


LOSERS: Final = ("award_notice", "contract_signed", "deal")
WINNERS: Final = ("contract_signed",)
RETURNED: Final = ("deposit_returned", "deposit_returned_winner", "termination_refund")


@holds(
    "bid_withdrawn:deposit_returned", "contract_signed:deposit_returned", "award_notice:deposit_returned",
    "contract_signed:deposit_returned_winner", "terminated:termination_refund", "deal:deposit_returned",
)  # fmt: skip
def duty(pack: Pack, moments: Moments, *, won: bool) -> Duty | None:
    """The one duty that a deposit stands under; none before anything set it going.

    A withdrawal comes before everything, the end of the tender before its result.
    """
    withdrawn, terminated = moments.get("bid_withdrawn"), moments.get("terminated")
    if withdrawn is not None:
        return _from(pack, Cause.WITHDRAWN, withdrawn, lambda rule: rule.begins == "bid_withdrawn")
    if terminated is not None:
        return _from(pack, Cause.TERMINATED, terminated, lambda rule: rule.ends == "termination_refund")
    ends = ("deposit_returned_winner", "deposit_returned") if won else ("deposit_returned",)
    begins = WINNERS if won else LOSERS
    for rule in (found for end in ends for found in pack.find(Kind.MAX_INTERVAL, end)):
        began = moments.get(rule.begins or "") if rule.begins in begins else None
        if began is not None:
            return Duty(Cause.WON if won else Cause.LOST, rule, began, timetable.calendar().reaches(rule, began))
    return None


def _from(pack: Pack, cause: Cause, began: dt.datetime, speaks: Callable[[Rule], bool]) -> Duty | None:
    """By the pack's own rule; where the law only says "at once" (C58), its time for a withdrawal or else a loser is the measure."""
    every = [rule for end in RETURNED for rule in pack.find(Kind.MAX_INTERVAL, end)]
    said = [*filter(speaks, every), *(pack.find(Kind.REQUIRED, "termination") if cause is Cause.TERMINATED else ())]
    measure = next(filter(speaks, every), next(iter(every), None))
    if measure is None:
        return None
    return Duty(cause, said[0] if said else measure, began, timetable.calendar().reaches(measure, began))


def color(began_at: dt.datetime, due_at: dt.datetime, paid_at: dt.datetime | None, now: dt.datetime) -> str:
    """Red past its time, yellow when a fifth of it or less is left (S25)."""
    if (paid_at or now) > due_at:
        return "red"
    if paid_at is not None:
        return "green"
    return "yellow" if (due_at - now) * 5 <= due_at - began_at else "green"


def amount(text: str) -> Fen | None:
    """A positive amount as people type it; None otherwise."""
    try:
        found = money.parse(text.strip().replace(",", ""))
    except ValueError:
        return None
    return found if found > 0 else None


def lot_terms(notice: Mapping[str, Any], number: int) -> Mapping[str, Any]:
    """What the signed notice says of the lot of that number; nothing of a final box, whose deposit is its first box's (N05)."""
    rows: list[Mapping[str, Any]] = notice["lots"]
    return next((row for row in rows if row["number"] == number), {})
