"""What is sold and on which terms: the parts of a draft that only a sale of land, property or other resources has. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from kernel import money
from kernel.clock import parse_rfc3339
from kernel.law import holds
from kernel.money import Fen
from tendering.packs import OFFERS, Kind, Pack, Rule
from tendering.states import LotEvent


class Way(StrEnum):
    """How the price is made."""

    ONE_TAKER = "one_taker"
    CONTEST = "contest"
    """A sealed contest among the confirmed takers."""
    COMMITTEE = "committee"
    """Sealed bids, judged by a committee (land by tender)."""
    ON_SITE = "on_site"


class Preemption(StrEnum):
    """What the notice says of the shareholders' right of pre-emption (P12)."""

    NONE = "none"
    WAIVED = "waived"
    RESERVED = "reserved"


USES = ("housing", "industry", "science", "commerce", "mixed")
AMOUNTS = ("floor", "valuation_amount")
INSTANTS = ("applications_due", "begins_at", "display_from", "display_until")
PLAIN = ("reserve_sha256", "land_use")
NUMBERS = ("years", "extensions")
LOT_FIELDS = (*AMOUNTS, *INSTANTS, *PLAIN, *NUMBERS)
"""Of a lot's row in the draft."""
TENDER_FIELDS = ("valuation", "valuation_date", "control_passes", "preemption", "management", "floor_consent")
"""Of the draft."""
ON_SITE = frozenset({"listing", "auction"})


def is_offer(pack: Pack) -> bool:
    return pack.procedure in OFFERS


def way(pack: Pack) -> Way:
    """How several applicants make the price."""
    if pack.procedure in ON_SITE:
        return Way.ON_SITE
    return Way.COMMITTEE if pack.procedure == "tender" else Way.CONTEST


def first_move(pack: Pack) -> LotEvent:
    """What the notice does to a lot: a listing comes before the price is made; bids for land are taken from the notice on."""
    listed = is_offer(pack) and way(pack) is not Way.COMMITTEE
    return LotEvent.LIST if listed else LotEvent.PUBLISH


@dataclass(frozen=True)
class OfferTerms:
    """One lot's terms as the notice states them; what is not stated is None or empty."""

    subject: str
    floor: Fen | None
    valuation_amount: Fen | None
    applications_due: dt.datetime | None
    begins_at: dt.datetime | None
    closes_at: dt.datetime | None
    display_from: dt.datetime | None
    display_until: dt.datetime | None
    deposit: Fen | None
    reserve_sha256: str
    land_use: str
    years: int | None
    extensions: int | None
    """How often a disclosure that nobody answered is extended."""
    preemption: Preemption | None


def read(draft: Mapping[str, Any], number: int) -> OfferTerms:
    """The terms of lot `number` (from 1) of a draft; what cannot be read counts as not stated."""
    rows = draft.get("lots") or []
    row: Mapping[str, Any] = rows[number - 1] if number <= len(rows) else {}
    said = str(draft.get("preemption") or "")
    return OfferTerms(
        subject=str((row.get("method") or {}).get("goods_or_services") or ""),
        floor=_amount(row.get("floor")),
        valuation_amount=_amount(row.get("valuation_amount")),
        applications_due=instant(row.get("applications_due")),
        begins_at=instant(row.get("begins_at")),
        closes_at=instant(row.get("closes_at")),
        display_from=instant(row.get("display_from")),
        display_until=instant(row.get("display_until")),
        deposit=_amount(row.get("deposit")),
        reserve_sha256=str(row.get("reserve_sha256") or ""),
        land_use=str(row.get("land_use") or ""),
        years=row.get("years"),
        extensions=row.get("extensions"),
        preemption=Preemption(said) if said in list(Preemption) else None,
    )


def disclosure(pack: Pack, terms: OfferTerms, *, repeated: bool = False) -> Rule | None:
    """The rule that says how long this sale is disclosed: by what is sold and its floor (P03-P05), again by P06."""
    ends = _disclosed(pack, terms)
    found = [rule for rule in pack.rules if rule.kind is Kind.MIN_INTERVAL and rule.ends == ends]
    found = found or pack.find(Kind.MIN_INTERVAL, "applications_due")
    if repeated:
        found = [*pack.find(Kind.MIN_INTERVAL, "applications_due.repeat"), *found]
    return found[0] if found else None


def extension(pack: Pack) -> Rule | None:
    """The rule of one more period of a disclosure that nobody answered (P06); None where the law knows none."""
    return next(iter(pack.find(Kind.MIN_INTERVAL, "applications_due.extended")), None)


def contest(pack: Pack) -> Rule | None:
    """The rule on the time from the end of applications to that of sealed offers; None where none are made."""
    found = pack.find(Kind.MIN_INTERVAL, "bids_due") if way(pack) is Way.CONTEST else []
    return next((rule for rule in found if rule.begins == "applications_due"), None)


@holds("P05.threshold")
def _disclosed(pack: Pack, terms: OfferTerms) -> str:
    match terms.subject:
        case "increase":
            return "applications_due.increase"
        case "assets":
            limits = pack.find(Kind.THRESHOLD, "floor.large")
            large = any(terms.floor is not None and terms.floor > rule.value for rule in limits)
            return "applications_due.assets_large" if large else "applications_due.assets_small"
        case _:
            return "applications_due"


def stated(draft: Mapping[str, Any]) -> dict[str, Any]:
    """What the signed notice says of the sale as a whole."""
    return {
        "valuation": draft.get("valuation") or None,
        "valuation_date": draft.get("valuation_date") or None,
        "control_passes": bool(draft.get("control_passes")),
        "preemption": draft.get("preemption") or None,
        "management": draft.get("management") or None,
        "floor_consent": draft.get("floor_consent") or None,
    }


def lot_stated(row: Mapping[str, Any]) -> dict[str, Any]:
    """And of one lot."""
    return {name: row.get(name) for name in LOT_FIELDS}


def instant(text: object) -> dt.datetime | None:
    try:
        return parse_rfc3339(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _amount(text: object) -> Fen | None:
    try:
        return money.parse(text) if isinstance(text, str) else None
    except ValueError:
        return None
