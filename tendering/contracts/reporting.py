"""The written report on a tender that the owner owes the supervising authority, put together from the record (C54)."""

from __future__ import annotations

from typing import Any

from kernel.clock import rfc3339
from kernel.errors import Conflict
from supervision import facts
from tendering.contracts import course, statements
from tendering.models import Lot
from tendering.statements import ToSign

RULE = "C54 《招标投标法》第四十七条"


def statement(lot: Lot) -> ToSign:
    """The report as it would be signed now; Conflict without a winner."""
    if lot.awarded_bid is None or lot.awarded_at is None:
        raise Conflict("report.too_early", "确定中标人后方可报告。", "There is no winner to report on yet.", rule=RULE)
    return statements.report(lot.code, _content(lot))


def _content(lot: Lot) -> dict[str, Any]:
    winner = next(row for row in lot.ranking or [] if row["bid_id"] == lot.awarded_bid)
    assert lot.awarded_at is not None
    return {
        "tender": lot.tender.code,
        "round": course.round_of(lot.code),
        "title": lot.tender.title,
        "notice_sha256": lot.tender.notice_sha256,
        "closes_at": rfc3339(lot.closes_at) if lot.closes_at else None,
        "awarded_at": rfc3339(lot.awarded_at),
        "bids": _bids(lot),
        "candidates": [row["bid_id"] for row in lot.ranking or []],
        "dropped": dict(lot.given_up),
        "winner": {name: winner[name] for name in ("bid_id", "bidder", "price")},
    }


def _bids(lot: Lot) -> list[dict[str, Any]]:
    """Every bid that was opened or judged, with its rank, or why it has none."""
    ranks = {row["bid_id"]: row for fact in _last_result(lot) for row in fact["ranking"]}
    opened = [
        {
            "bid_id": row["bid_id"],
            "bidder": row["bidder"],
            "price": row["price"],
            "rank": ranks.get(row["bid_id"], {}).get("rank"),
            "total": ranks.get(row["bid_id"], {}).get("total"),
        }
        for row in course.told(facts.BidOpened.kind, lot.code)
        if row["price"] is not None
    ]
    judged = [
        {"bid_id": row["bid_id"], "verdict": row["verdict"], "reason": row["reason"], "rule": row["rule"]}
        for row in course.told(facts.BidJudged.kind, lot.code)
    ]
    return [*opened, *judged]


def _last_result(lot: Lot) -> list[dict[str, Any]]:
    return course.told(facts.ResultPublished.kind, lot.code)[-1:]
