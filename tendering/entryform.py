"""The draft's form: posted fields to the draft's wire form and back. Times are entered in Beijing's, sent in UTC. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from kernel.clock import BEIJING, beijing, parse_rfc3339, rfc3339
from tendering import methods
from tendering.offers import terms as offers
from tendering.security import Form

PLAIN = (
    "title", "project_name", "content", "scale", "fund_source", "qualification", "documents_obtained", "submission", "pack",
    "approval_doc", "item", "method_ground", "ground_approval", "valuation",
    "suppliers", "fewer_ground", "fewer_document", "fewer_lot",
    "valuation_date", "preemption", "management", "floor_consent",
)  # fmt: skip
CONTACT = ("name", "phone", "email", "address")
CRITERIA = 3
"""Rows for criteria that a form offers beyond those filled in."""
QUANTUM = "0.01"


def read(form: Mapping[str, str]) -> dict[str, Any]:
    """The posted draft as the API takes it; what cannot be read is passed on for the schema to refuse."""
    data: dict[str, Any] = {name: form[name].strip() for name in PLAIN if name in form}
    data["contact"] = {name: form.get(f"contact.{name}", "").strip() for name in CONTACT}
    data["consortium_allowed"] = _choice(form.get("consortium_allowed", ""))
    data["state_funded"] = form.get("state_funded") != "no"
    data["bid_validity_days"] = _whole(form.get("bid_validity_days", ""))
    if "max_lots_won" in form:
        data["max_lots_won"] = _whole(form["max_lots_won"])
    if "prequal.criteria" in form:
        data["prequal"] = _prequal(form)
    if "original_contract" in form:
        data["original_contract"] = form["original_contract"].strip() or None
    if "invitees" in form:
        data["invitees"] = _whole(form["invitees"])
    data["deposit_forms"] = [form_ for form_ in Form if f"deposit_forms.{form_}" in form]
    data["wording_reasons"] = _reasons(form)
    if "control_passes" in form:
        data["control_passes"] = form["control_passes"] == "yes"
    data["agency_uscc"] = form.get("agency_uscc", "").strip() or None
    data["lots"] = [_lot(form, number) for number in range(1, lots_in(form) + 1)]
    return data


def _prequal(form: Mapping[str, str]) -> dict[str, Any]:
    """The criteria stand one on each line, a name and what is asked, with a colon between them."""
    lines = [
        line.replace(":", "：", 1).partition("：") for line in form["prequal.criteria"].splitlines() if line.strip()
    ]
    return {
        "documents_end": instant(form.get("prequal.documents_end", "")),
        "applications_due": instant(form.get("prequal.applications_due", "")),
        "criteria": [{"name": name.strip(), "asks": asks.strip() or name.strip()} for name, _, asks in lines],
    }


def _reasons(form: Mapping[str, str]) -> dict[str, str]:
    """Doubtful word to why the purchase needs it; the page numbers them."""
    numbers = [name.split(".")[1] for name in form if name.startswith("wording.") and name.endswith(".quote")]
    return {form[f"wording.{one}.quote"]: form.get(f"wording.{one}.reason", "").strip() for one in numbers}


def lots_in(form: Mapping[str, str]) -> int:
    count = 0
    while f"lots.{count + 1}.name" in form:
        count += 1
    return count


def _lot(form: Mapping[str, str], number: int) -> dict[str, Any]:
    where = f"lots.{number}"
    ceiling = form.get(f"{where}.ceiling", "").strip() or None
    return {
        "name": form.get(f"{where}.name", "").strip(),
        "ceiling": ceiling,
        "estimate": form.get(f"{where}.estimate", "").strip() or None,
        "deposit": form.get(f"{where}.deposit", "").strip() or None,
        "closes_at": instant(form.get(f"{where}.closes_at", "")),
        "method": _method(form, where, ceiling),
        **({"uniform": f"{where}.uniform" in form} if f"{where}.subject" in form else {}),
        **_offered(form, where),
    }


def _offered(form: Mapping[str, str], where: str) -> dict[str, Any]:
    """What only a sale of land or property has; nothing where the form does not show it."""
    typed = {name: form[f"{where}.{name}"].strip() for name in offers.LOT_FIELDS if f"{where}.{name}" in form}
    read: dict[str, Any] = {
        name: instant(text) if name in offers.INSTANTS else text or None for name, text in typed.items()
    }
    return {**read, **{name: _whole(typed[name]) for name in offers.NUMBERS if name in typed}}


def _method(form: Mapping[str, str], where: str, ceiling: str | None) -> dict[str, Any]:
    if form.get(f"{where}.method") == "highest_price":
        return methods.highest_price(form.get(f"{where}.subject") or "")
    lowest = form.get(f"{where}.method") != "cn_comprehensive"
    rate = form.get(f"{where}.deduction", "").strip()
    return {
        "type": methods.TYPE,
        "id": methods.LOWEST if lowest else "cn_comprehensive",
        "goods_or_services": form.get(f"{where}.subject") or "works",
        "price_weight": "100" if lowest else form.get(f"{where}.price_weight", "").strip(),
        "criteria": [] if lowest else _criteria(form, where),
        "rounding": dict.fromkeys(methods.STAGES, QUANTUM),
        "deduction": {"small": rate} if rate else None,
        "tie": ["price"],
        "minimum_valid": 3,
        "max_price": ceiling,
    }


def _criteria(form: Mapping[str, str], where: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for number in range(1, 60):
        row = f"{where}.criteria.{number}"
        if f"{row}.name" not in form:
            break
        name = form[f"{row}.name"].strip()
        if name:
            rows.append(
                {
                    "id": f"c{len(rows) + 1}",
                    "name": name,
                    "name_en": form.get(f"{row}.name_en", "").strip() or name,
                    "max": form.get(f"{row}.max", "").strip(),
                    "step": form.get(f"{row}.step", "").strip(),
                    "objective": f"{row}.objective" in form,
                }
            )
    return rows


def instant(text: str) -> str | None:
    """A time of the form, on Beijing's clock, in UTC on the wire; what is no time goes through as it is."""
    if not text.strip():
        return None
    try:
        local = dt.datetime.fromisoformat(text.strip())
    except ValueError:
        return text
    return rfc3339(local.replace(tzinfo=BEIJING) if local.tzinfo is None else local)


def local(text: str | None) -> str:
    """A wire instant as a `datetime-local` field shows it."""
    try:
        return beijing(parse_rfc3339(text)).strftime("%Y-%m-%dT%H:%M:%S") if text else ""
    except ValueError:
        return text or ""


def _choice(text: str) -> bool | None:
    return {"yes": True, "no": False}.get(text)


def _whole(text: str) -> int | str | None:
    found = text.strip()
    return int(found) if found.isascii() and found.isdigit() else (found or None)
