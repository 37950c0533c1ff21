"""Pure decisions about the report: what it says, what a member signs under it, and when silence counts as consent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kernel import canonical
from kernel.errors import Conflict, Invalid, TooEarly
from kernel.law import holds
from tendering import timetable
from tendering.packs import Kind, Pack

TYPE, STATEMENT = "kaibiao-evaluation-report/1", "kaibiao-report-signature/1"
LONGEST = 2000
LAW = "《招标投标法实施条例》第五十三条"
SILENCE, SILENCE_IN_PRACTICE = dt.timedelta(hours=2), dt.timedelta(seconds=5)


@dataclass(frozen=True)
class Member:
    """A seat as the report names it."""

    alias: str
    kind: str


def report(result: bytes, members: Sequence[Member]) -> bytes:
    """The report over a result: whose sheets it rests on, who is rejected on which heads, who is ranked."""
    told: Mapping[str, Any] = canonical.decode(result)
    return canonical.encode(
        {
            "type": TYPE,
            "lot": told["lot"],
            "method_sha256": told["method_sha256"],
            "members": [{"alias": one.alias, "kind": one.kind} for one in members],
            "sheets": told["sheets"],
            "result_sha256": canonical.sha(result),
            "outcome": told["outcome"],
            "rejected": [_rejected(one) for one in told["verdicts"] if not one["valid"]],
            "ranking": [
                {name: line[name] for name in ("rank", "bid_id", "price", "total")} for line in told["ranking"]
            ],
        }
    )


def _rejected(verdict: Mapping[str, Any]) -> dict[str, Any]:
    return {name: verdict[name] for name in ("bid_id", "ground", "votes", "grounds", "heads")}


def statement(lot: str, report_sha256: str, alias: str, dissent: str | None) -> bytes:
    """What one member signs: the report by its hash, and in the same statement its dissent, if it has one."""
    return canonical.encode(
        {"type": STATEMENT, "lot": lot, "report_sha256": report_sha256, "evaluator": alias, "dissent": dissent}
    )


def dissent_of(raw: bytes) -> str | None:
    """What a statement says of the signer's dissent; Invalid when it is none of ours."""
    try:
        value = canonical.decode(raw)
        found = value["dissent"]
        return None if found is None else checked_dissent(str(found))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise Invalid(
            "report.malformed", "这不是对评标报告的签署", "This signs no evaluation report", rule=LAW
        ) from error


def checked_dissent(text: str) -> str | None:
    """The dissent as it is signed, None where nothing was written; Invalid when it is too long."""
    if len(text) > LONGEST:
        raise Invalid(
            "report.dissent",
            f"不同意见不超过 {LONGEST} 字",
            f"A dissent has at most {LONGEST} characters",
            rule=LAW,
            fields={"dissent": "length"},
        )
    return text.strip() or None


@holds("C47.signatures", "G33")
def complete(signed: Collection[str], silent: Collection[str], sitting: Collection[str]) -> bool:
    """Every member signed, with or without a dissent, or refused without a written reason and so agrees (视为同意)."""
    return bool(sitting) and set(sitting) == set(signed) | set(silent)


def silence_due(pack: Pack, proposed_at: dt.datetime) -> dt.datetime:
    """From when a member's silence may be recorded: the county's own pack may say so, the law gives no number."""
    for rule in pack.find(Kind.MIN_INTERVAL, "report_silence"):
        return timetable.calendar().reaches(rule, proposed_at)
    return proposed_at + (SILENCE_IN_PRACTICE if pack.practice else SILENCE)


def check_silent(due_at: dt.datetime, now: dt.datetime) -> None:
    if now < due_at:
        raise TooEarly(
            "report.silence_too_early",
            "签署时限未到，不能认定为拒绝签字",
            "The time for signing is not over: nobody counts as refusing yet",
            rule=LAW,
        )


def check_unsigned(aliases: Collection[str], alias: str) -> None:
    if alias in aliases:
        raise Conflict(
            "report.signed", "该评委已签署或者已记录", "This member signed already, or was recorded", rule=LAW
        )


def check_waits(*, waits: bool) -> None:
    if not waits:
        raise Conflict("report.not_now", "现在没有待签署的评标报告", "No report waits for signatures now", rule=LAW)
