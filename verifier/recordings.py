"""Recordings counted again from the log: what had to be recorded, what was reported, and whether a file is one of them (G20)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from kernel import canonical
from kernel.clock import parse_rfc3339
from kernel.errors import Words
from supervision import facts
from supervision.lotview import OPENING
from supervision.recording_facts import ExceptionApproved, RecordingListed, RecordingMissing, RecordingReported
from tendering import recordings as rules
from tendering.recordings import Span, Stated
from verifier.case import Case, LotCase, short
from verifier.claims import Section, not_due, one

TOPIC = "recordings"


def exceptions(lot: LotCase) -> Section[None]:
    """The host began with the recording that the law asks for, or after two organizations let it pass (rules.md 5.1)."""
    rule = rules.asked(lot.case.pack)
    for index, fact in lot.logged(facts.OpeningStarted):
        said = fact.signed.content(OPENING)["recording"]
        passed = any(before < index for before, _ in lot.logged(ExceptionApproved))
        faults = []
        if said == "overridden" and not passed:
            faults.append(
                Words("主持人称经批准不录像，日志中没有批准", "the host names an exception that the log does not hold")
            )
        if said == "none" and rule is not None:
            faults.append(Words(f"开标没有录像（{rule.cited}）", f"opened without a recording ({rule.cited})"))
        if faults or (rule is not None and said != "none"):
            zh, en = (
                ("经批准不录像", "not recorded, by exception")
                if passed
                else ("开标时正在录像", "recorded when it began")
            )
            yield from one(TOPIC, faults, Words(zh, en))


def recordings(lot: LotCase) -> Section[None]:
    """The list of the archive says what the log gives: every segment, every gap, and whether all is explained."""
    spans, listed = list(_spans(lot, None)), lot.logged(RecordingListed)
    if not spans and not (rules.asked(lot.case.pack) and _windows(lot)):
        return
    if not listed:
        zh, en = f"已上报 {len(spans)} 段，归档时列入清单", f"{len(spans)} segments reported; listed with the archive"
        yield not_due(TOPIC, zh, en)
        return
    fact = listed[-1][1]
    yield from one(TOPIC, _faults(lot, *listed[-1]), _told(fact))


def _told(fact: RecordingListed) -> Words:
    zh, en = ("完整", "complete") if fact.complete else ("不完整，有缺失未说明", "NOT complete: a gap is unexplained")
    return Words(f"{fact.segments} 段，缺失 {fact.gaps} 段，{zh}", f"{fact.segments} segments, {fact.gaps} gaps, {en}")


def _faults(lot: LotCase, index: int, fact: RecordingListed) -> Iterator[Words]:
    spans, bound = list(_spans(lot, index)), dt.timedelta(seconds=fact.bound_s)
    gaps = [gap for window in _windows(lot) for gap in rules.gaps(window, spans, bound, settled=True)]
    open_ = rules.unstated(gaps, list(_stated(lot, index)))
    if (fact.segments, fact.gaps, fact.complete) != (len(spans), len(gaps), not open_):
        yield Words(
            f"日志中有 {len(spans)} 段录像、{len(gaps)} 段缺失（{len(open_)} 段未说明），与清单不符",
            f"the log gives {len(spans)} segments and {len(gaps)} gaps ({len(open_)} unexplained): not what was listed",
        )
    raw = lot.get("recordings.json")
    if canonical.sha(raw) != fact.list_sha256:
        yield Words("录像清单与日志中的哈希不符", "the list is not the one whose hash was logged")
    shown = {row["sha256"] for row in canonical.decode(raw)["segments"]}
    if shown != {one_segment.sha256 for _, told in lot.logged(RecordingReported) for one_segment in told.segments}:
        yield Words("录像清单与日志中上报的录像不同", "the list names other segments than were reported")


def _windows(lot: LotCase) -> list[rules.Window]:
    return rules.windows((fact.now, parse_rfc3339(fact.at)) for _, fact in lot.logged(facts.StateChanged))


def _spans(lot: LotCase, before: int | None) -> Iterator[Span]:
    for index, told in lot.logged(RecordingReported):
        if before is None or index < before:
            for part in told.segments:
                began, ended = parse_rfc3339(part.began_at), parse_rfc3339(part.ended_at)
                yield Span(told.phase, told.room, part.camera, began, ended)


def _stated(lot: LotCase, before: int) -> Iterator[Stated]:
    for index, told in lot.logged(RecordingMissing):
        if index < before:
            yield Stated(told.phase, told.room, parse_rfc3339(told.began_at), parse_rfc3339(told.ended_at))


def segments(case: Case) -> Section[None]:
    """Each recorded file that the stranger brought along is one whose hash was logged."""
    logged = {part.sha256: (told, part) for _, told in case.book.find(RecordingReported) for part in told.segments}
    for name, digest in case.given.segments:
        if digest not in logged:
            lacking = Words(
                f"{name} 的哈希 {short(digest)} 不在日志中", f"{name}: no segment with hash {short(digest)} was logged"
            )
            yield from one("segment", [lacking], lacking)
            continue
        told, part = logged[digest]
        where = f"{told.lot} {told.room} {part.camera} {part.began_at}–{part.ended_at}"
        yield from one("segment", [], Words(f"{name} 即 {where} 的录像", f"{name} is what was recorded: {where}"))
