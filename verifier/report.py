"""The evaluation report and the committee's time: every signature over it, who counts as agreeing, and what was asked of the owner."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evaluation.report import rules, timing
from kernel import canonical, keys
from kernel.clock import parse_rfc3339
from kernel.errors import Words
from kernel.statements import Signed
from supervision import facts
from supervision.report_facts import ReportCompleted, ReportProposed, TimeAsked, TimeExtended, TimePlanned, TimeShort
from supervision.vocabulary import Fact
from tendering.states import LotEvent
from verifier import directives
from verifier.case import LotCase, short
from verifier.claims import Section, not_due, one
from verifier.receipts import Disclosed
from verifier.source import read_json


def report(lot: LotCase, disclosed: list[Disclosed]) -> Section[None]:
    """C47: the result was published on a report that every member signed, or by its silence agreed to."""
    completed, published = lot.logged(ReportCompleted), lot.logged(facts.ResultPublished)
    if not published or directives.withdrawn(lot):
        yield not_due("report", "尚无评标报告", "there is no evaluation report yet")
        return
    before = [fact for index, fact in completed if index < published[-1][0]]
    if len(completed) != len(published) or not before:
        yield from one(
            "report", [Words("结果没有全体签署的评标报告", "a result without a signed report")], Words("", "")
        )
        return
    fact, told = before[-1], read_json(lot.archive, lot.path("report.json"))
    faults = [*_content_faults(lot, fact, told), *_signature_faults(lot, fact, told)]
    faults += _silence_faults(lot, fact, told, disclosed)
    dissents = sum(_dissent(row) is not None for row in _rows(told["signatures"]))
    yield from one(
        "report",
        faults,
        Words(
            f"{short(fact.report_sha256)}，{len(fact.signed)} 名成员签名有效，其中 {dissents} 名有不同意见，{len(fact.silent)} 名拒绝签字视为同意",
            f"{short(fact.report_sha256)}, signed by {len(fact.signed)} ({dissents} dissenting), {len(fact.silent)} silent and so agreeing",
        ),
    )


def _rows(value: object) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value


def _content_faults(lot: LotCase, fact: ReportCompleted, told: Mapping[str, Any]) -> Iterator[Words]:
    raw, result = keys.unb64(str(told["report"])), lot.get("result.json")
    formed = lot.logged(facts.CommitteeFormed)[-1][1]
    members = [rules.Member(member.alias, member.kind) for member in formed.members]
    if canonical.sha(raw) != fact.report_sha256:
        yield Words("公布的评标报告与日志中的哈希不符", "the published report is not the one whose hash was logged")
    if raw != rules.report(result, members) or fact.result_sha256 != canonical.sha(result):
        yield Words("评标报告与公布的结果不符", "the report does not say what the published result says")


def _signature_faults(lot: LotCase, fact: ReportCompleted, told: Mapping[str, Any]) -> Iterator[Words]:
    shown = {
        (row["evaluator"], canonical.sha(keys.unb64(row["file"])), row["sig"]) for row in _rows(told["signatures"])
    }
    if shown != {(row.by, row.file_sha256, row.sig) for row in fact.signed}:
        yield Words("公布的签署与日志不符", "the signatures shown are not those logged")
    for row in _rows(told["signatures"]):
        if not _is_signed(lot, fact.report_sha256, row):
            yield Words(f"{row['evaluator']} 对评标报告的签名无效", f"{row['evaluator']} has not signed this report")


def _is_signed(lot: LotCase, report_sha256: str, row: Mapping[str, Any]) -> bool:
    alias = str(row["evaluator"])
    signed = Signed(keys.unb64(row["file"]), keys.unb64(row["sig"]))
    expected = rules.statement(lot.code, report_sha256, alias, _dissent(row))
    key = lot.view.members.get(alias)
    return key is not None and signed.raw == expected and signed.signed_by(keys.parse(key))


def _dissent(row: Mapping[str, Any]) -> str | None:
    return rules.dissent_of(keys.unb64(row["file"]))


def _silence_faults(
    lot: LotCase, fact: ReportCompleted, told: Mapping[str, Any], disclosed: list[Disclosed]
) -> Iterator[Words]:
    silent = [row.by for row in fact.silent]
    if sorted(silent) != sorted(told["silent"]):
        yield Words("公布的拒绝签字与日志不符", "the silences shown are not those logged")
    if not rules.complete([row.by for row in fact.signed], silent, lot.view.members):
        yield Words("不是全体成员签署或者视为同意", "not every member has signed, or was recorded as silent")
    asked = {found.fact.at for found in disclosed if isinstance(found.fact, ReportProposed)}
    for row in fact.silent:
        due = rules.silence_due(lot.case.pack, parse_rfc3339(row.asked_at))
        if parse_rfc3339(row.recorded_at) < due or (asked and row.asked_at not in asked):
            yield Words(
                f"{row.by} 未满签署时限即被记录为拒绝签字", f"{row.by} was recorded as silent before its time was over"
            )


@dataclass
class _Course:
    """How the time went: until when, and whether the owner owes an answer."""

    ends_at: str = ""
    since: str = ""
    asked: bool = False


def time(lot: LotCase, disclosed: list[Disclosed]) -> Section[None]:
    """C41: with more than a third of the members short of time the owner was asked, and answered by a later end."""
    found: list[tuple[int, Fact]] = []
    for kind in (TimePlanned, TimeAsked, TimeExtended):
        found += lot.logged(kind)
    if not found:
        yield not_due("time", "没有计划评审时间", "no end of the evaluation was planned")
        return
    words = [row.fact for row in disclosed if isinstance(row.fact, TimeShort) and row.fact.lot == lot.code]
    course, faults = _Course(), list[Words]()
    for _, fact in sorted(found, key=lambda row: row[0]):
        faults += _step_faults(lot, course, fact, words)
    faults += _unanswered(lot, course)
    extended = len(lot.logged(TimeExtended))
    good = Words(
        f"评审至 {course.ends_at}，延长 {extended} 次", f"planned until {course.ends_at}, extended {extended} times"
    )
    yield from one("time", faults, good)


def _step_faults(lot: LotCase, course: _Course, fact: Fact, words: list[TimeShort]) -> Iterator[Words]:
    if isinstance(fact, TimePlanned):
        course.ends_at, course.since = fact.ends_at, fact.at
    elif isinstance(fact, TimeAsked):
        if course.asked or not _asked_by_enough(lot, course, fact, words):
            yield Words("要求延长评审时间的评委没有超过三分之一", "more time was asked for by no more than a third")
        course.asked = True
    elif isinstance(fact, TimeExtended):
        if not course.asked or fact.was != course.ends_at or fact.ends_at <= max(fact.was, fact.at):
            yield Words(
                "评审时间的延长无据，或者没有晚于原计划", "an extension that nobody asked for, or to no later end"
            )
        course.ends_at, course.since, course.asked = fact.ends_at, fact.at, False


def _asked_by_enough(lot: LotCase, course: _Course, fact: TimeAsked, words: list[TimeShort]) -> bool:
    """By their dates: a sealed word may stand in the log behind the open request that it led to. Sealed until the award."""
    said = {one.by for one in words if course.since <= one.at <= fact.at}
    awarded = lot.happened(LotEvent.AWARD) is not None
    return timing.too_many(lot.case.pack, fact.short, fact.members) and (not awarded or len(said) >= fact.short)


def _unanswered(lot: LotCase, course: _Course) -> Iterator[Words]:
    """Who finished within the plan had time enough after all; beyond it the owner owed an answer."""
    completed = lot.logged(ReportCompleted)
    if course.asked and completed and completed[-1][1].at > course.ends_at:
        yield Words(
            f"超过三分之一的评委认为时间不够，招标人未延长，评审超过 {course.ends_at}",
            f"more than a third were short of time, the owner extended nothing, and it went on beyond {course.ends_at}",
        )
