"""What the law asks of pre-qualification: its periods, who reviews, what passes, and how few may be left. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kernel.clock import beijing, parse_rfc3339, rfc3339
from kernel.errors import Conflict, TooLate
from kernel.law import holds
from tendering import timetable
from tendering.checklist import Obstacle
from tendering.packs import Kind, Pack, Rule
from tendering.timetable import Earliest

FIELD = "prequal"
LAW = "《招标投标法实施条例》第十八条；财政部令第87号第四十四条"


@dataclass(frozen=True)
class Criterion:
    """One published condition; who does not meet every one of them does not pass (合格制)."""

    id: str
    name: str
    asks: str


@dataclass(frozen=True)
class Plan:
    """What the notice of a pre-qualification says beside the rest."""

    documents_end: dt.datetime
    applications_due: dt.datetime
    criteria: tuple[Criterion, ...]


def by_prequal(pack: Pack) -> bool:
    """Whether tenders by this pack begin with a pre-qualification."""
    return pack.procedure == "prequalified"


def read(draft: Mapping[str, Any]) -> Plan | None:
    """The plan of a draft or a notice; None while a part of it is missing or no time."""
    given = draft.get(FIELD) or {}
    ends, due = _instant(given.get("documents_end")), _instant(given.get("applications_due"))
    criteria = criteria_of(draft)
    if ends is None or due is None or not criteria:
        return None
    return Plan(ends, due, criteria)


def criteria_of(draft: Mapping[str, Any]) -> tuple[Criterion, ...]:
    rows = (draft.get(FIELD) or {}).get("criteria") or []
    return tuple(Criterion(f"q{number}", row["name"], row["asks"]) for number, row in enumerate(rows, 1))


def stated(draft: Mapping[str, Any], pack: Pack) -> dict[str, Any]:
    """What the signed notice says of it; nothing where all may bid, so that those notices stay as they were."""
    if not by_prequal(pack):
        return {}
    given = draft.get(FIELD) or {}
    rows = [vars(one) for one in criteria_of(draft)]
    moments = {name: given.get(name) for name in ("documents_end", "applications_due")}
    return {FIELD: {**moments, "method": "pass_or_fail", "criteria": rows}}


def obstacles(pack: Pack, draft: Mapping[str, Any], now: dt.datetime) -> list[Obstacle]:
    """All of the pre-qualification that keeps a draft from being published at `now`; nothing where all may bid."""
    if not by_prequal(pack):
        return []
    plan = read(draft)
    if plan is None:
        return list(_missing(pack, draft))
    return list(_periods(pack, plan, now))


def _missing(pack: Pack, draft: Mapping[str, Any]) -> Iterator[Obstacle]:
    given, cited = draft.get(FIELD) or {}, pack.clause("applications_due")
    if _instant(given.get("documents_end")) is None:
        yield _obstacle("documents_end", "请填写资格预审文件提供至何时。", "Say until when the pre-qualification documents are provided.", cited)  # fmt: skip
    if _instant(given.get("applications_due")) is None:
        yield _obstacle("applications_due", "请填写资格预审申请截止时间。", "Set the deadline for applications.", cited)
    if not criteria_of(draft):
        yield _obstacle("criteria", "请列出资格预审的审查标准。", "List the criteria of the pre-qualification.", LAW)


def _periods(pack: Pack, plan: Plan, now: dt.datetime) -> Iterator[Obstacle]:
    wanted = (
        ("documents_end", plan.documents_end, earliest_end(pack, now), "资格预审文件提供期", "documents of the pre-qualification"),
        ("applications_due", plan.applications_due, earliest_due(pack, now, plan.documents_end), "资格预审申请时间", "time for applications"),
    )  # fmt: skip
    for name, at, earliest, zh, en in wanted:
        if at < earliest.at:
            when = beijing(earliest.at).strftime("%Y-%m-%d %H:%M:%S")
            yield Obstacle(
                f"prequal.{name}_too_early",
                f"{zh}短于法定最短期限：最早为北京时间 {when}。",
                f"The {en} is shorter than the law allows: {when} Beijing time is the earliest end.",
                earliest.rule.cited,
                f"{FIELD}.{name}",
            )


@holds("documents_issued:documents_end")
def earliest_end(pack: Pack, published_at: dt.datetime) -> Earliest:
    """Until when the documents must be provided at least (C05, G03)."""
    return _latest([(rule, published_at) for rule in pack.find(Kind.MIN_INTERVAL, "documents_end")])


@holds("documents_end:applications_due", "notice_published:applications_due")
def earliest_due(pack: Pack, published_at: dt.datetime, documents_end: dt.datetime) -> Earliest:
    """The earliest lawful deadline for applications (C07, G05)."""
    begun = {"notice_published": published_at, "documents_issued": published_at, "documents_end": documents_end}
    rules = pack.find(Kind.MIN_INTERVAL, "applications_due")
    return _latest([(rule, begun[rule.begins]) for rule in rules if rule.begins in begun])


def _latest(rules: Sequence[tuple[Rule, dt.datetime]]) -> Earliest:
    table = timetable.calendar()
    return max((Earliest(table.reaches(rule, start), rule) for rule, start in rules), key=lambda one: one.at)


@holds("prequalification_changed:applications_due")
def earliest_after_change(pack: Pack, now: dt.datetime) -> Earliest:
    """The earliest deadline for applications after a change of the documents at `now` (C11, G11)."""
    rules = pack.find(Kind.MIN_INTERVAL, "applications_due")
    return _latest([(rule, now) for rule in rules if rule.begins == "prequalification_changed"])


def check_open(pack: Pack, due: dt.datetime | None, now: dt.datetime, *, taking: bool, stands: bool = False) -> None:
    """TooLate or Conflict unless applications are taken now; the server's clock decides. What stands still goes on taking them."""
    cited = _cited(pack)
    if due is not None and (now >= due and not (taking and stands)):
        raise TooLate(
            "application.late",
            f"资格预审申请截止时间 {rfc3339(due)} 已过，平台收到的时间为 {rfc3339(now)}，依法不予受理。",
            f"Applications were due {rfc3339(due)}; received at {rfc3339(now)}, and refused by law.",
            rule=cited,
        )
    if not taking:
        raise Conflict(
            "application.not_open", "本标段现不接收资格预审申请。", "This lot takes no applications now.", rule=cited
        )


def _cited(pack: Pack) -> str:
    """The rule that gives applicants their time (C07, G05), where the pack knows pre-qualification: what ends with it is late."""
    rules = [rule for rule in pack.find(Kind.MIN_INTERVAL, "applications_due") if rule.begins in ("documents_end", "notice_published")]  # fmt: skip
    return rules[0].cited if rules else "rules.md 5.3 T04"


@holds("prequalified")
def least(pack: Pack) -> Rule:
    """How many must have passed (C08); a law that gives no number for it asks for as many as must bid (G18)."""
    return next(iter(pack.find(Kind.MIN_COUNT, "prequalified")), pack.min_bids)


def _instant(text: object) -> dt.datetime | None:
    try:
        return parse_rfc3339(text) if isinstance(text, str) and text else None
    except ValueError:
        return None


def _obstacle(name: str, zh: str, en: str, rule: str) -> Obstacle:
    return Obstacle(f"prequal.{name}", zh, en, rule, f"{FIELD}.{name}")
