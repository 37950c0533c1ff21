"""What the law wants done within a time after the evaluation, and how each lot stands to it (C48, C54, C55, G35-G39)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from kernel.clock import parse_rfc3339
from kernel.errors import Unavailable, Words
from kernel.law import holds
from supervision import contract_facts, offer_facts
from tendering import packs, timetable
from tendering.contracts import course
from tendering.contracts.course import told
from tendering.contracts.messages import notice_of
from tendering.models import Lot
from tendering.objections import stays
from tendering.packs import Kind, Pack, Rule
from tendering.states import LotEvent

Moments = Mapping[str, dt.datetime | None]

WORDS: dict[str, tuple[str, Words]] = {
    "report_received": ("S22", Words("评标报告送招标人（采购人）", "Evaluation report to the owner")),
    "candidates_published": ("S22", Words("公示中标候选人", "Candidates put on public view")),
    "result_announced": ("S22", Words("公告结果并发出中标通知书", "Result announced, award notice sent")),
    "report_to_supervisor": ("S22", Words("向监督部门提交书面报告", "Written report to the supervising authority")),
    "contract_signed": ("S24", Words("订立合同", "Contract signed")),
    "price_paid": ("S24", Words("付清价款", "Price paid")),
    "contract_published": ("S24", Words("公告合同", "Contract published")),
    "contract_filed": ("S24", Words("合同副本报监督部门", "Copy of the contract to the supervising authority")),
}


@dataclass(frozen=True)
class Duty:
    """One thing to be done by `due_at`; `done_at` is None as long as it is not."""

    words: Words
    point: str
    rule: Rule
    began_at: dt.datetime
    due_at: dt.datetime
    done_at: dt.datetime | None

    @property
    def late(self) -> bool:
        """Done, but after its time."""
        return self.done_at is not None and self.done_at > self.due_at

    def color(self, now: dt.datetime) -> str:
        """Red past its time, yellow when a fifth of it or less is left (rules.md 6)."""
        if self.done_at is not None:
            return "red" if self.late else "green"
        if now > self.due_at:
            return "red"
        return "yellow" if (self.due_at - now) * 5 <= self.due_at - self.began_at else "green"


@holds(
    "evaluation_ended:report_received", "report_received:candidates_published", "award:result_announced",
    "award:report_to_supervisor", "award_notice:contract_signed", "contract_signed:contract_published",
    "contract_signed:contract_filed", "deal:result_announced", "deal:contract_signed", "contract_signed:price_paid",
    "contract_effective:price_paid",
)  # fmt: skip
def duties(pack: Pack, moments: Moments, stood_still: dt.timedelta = dt.timedelta()) -> list[Duty]:
    """Every duty whose time has begun, in the order of the law; what stood still is added to the time left. Pure."""
    found = []
    for ends, (point, words) in WORDS.items():
        for rule in pack.find(Kind.MAX_INTERVAL, ends):
            began = moments.get(rule.begins or "")
            if began is not None:
                due = timetable.calendar().reaches(rule, began) + stood_still
                found.append(Duty(words, f"{point}.{rule.id}", rule, began, due, moments.get(ends)))
    return found


def of_lot(lot: Lot, now: dt.datetime) -> list[Duty]:
    """The duties of a lot as it stands; none where the year's calendar is not loaded."""
    moments = moments_of(lot)
    reported = moments["report_received"]
    began = reported or moments["deal"]
    if began is None:
        return []
    try:
        return duties(packs.load(lot.tender.pack_id), moments, stays.stood_still(lot, began, now))
    except Unavailable:
        return []


def moments_of(lot: Lot) -> dict[str, dt.datetime | None]:
    """The moments of the current round; the platform itself delivers report, result and contract in the same instant."""
    reported = course.happened(lot.code, LotEvent.REPORT)
    notice = notice_of(lot.code) if lot.awarded_bid else None
    signed = _at(told(contract_facts.ContractSigned.kind, lot.code), lot)
    return {
        "evaluation_ended": reported,
        "report_received": reported,
        "candidates_published": course.happened(lot.code, LotEvent.START_PUBLICITY),
        "award": lot.awarded_at,
        "deal": lot.awarded_at if lot.tender.method in packs.OFFERS else None,
        "contract_effective": signed,
        "price_paid": _at([row for row in told(offer_facts.PriceReceived.kind, lot.code) if row["whole"]], lot),
        "award_notice": notice.sent_at if notice else None,
        "result_announced": notice.sent_at if notice else None,
        "report_to_supervisor": _at(told(contract_facts.AwardReported.kind, lot.code), lot),
        "contract_signed": signed,
        "contract_published": signed,
        "contract_filed": signed,
    }


def _at(rows: list[dict[str, str]], lot: Lot) -> dt.datetime | None:
    """When the last of these happened, if that was after the award that stands."""
    if not rows or lot.awarded_at is None:
        return None
    at = parse_rfc3339(rows[-1]["at"])
    return at if at >= lot.awarded_at.replace(microsecond=0) else None
