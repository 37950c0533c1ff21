"""The score sheet as a form of a page: names of its fields, and the draft that a posted form says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from evaluation.spec import Criterion, MethodSpec


def conforms(bid_id: str) -> str:
    return f"conforms.{bid_id}"


def ground(bid_id: str) -> str:
    return f"ground.{bid_id}"


def head(bid_id: str) -> str:
    return f"head.{bid_id}"


def score(bid_id: str, criterion: str) -> str:
    return f"score.{bid_id}.{criterion}"


def note(bid_id: str, criterion: str) -> str:
    return f"note.{bid_id}.{criterion}"


def read(form: Mapping[str, str], method: MethodSpec, bid_ids: Iterable[str]) -> dict[str, Any]:
    """The draft, as typed: empty fields are left out, nothing is corrected."""
    return {bid_id: _entry(form, method.criteria, bid_id) for bid_id in bid_ids}


def _entry(form: Mapping[str, str], criteria: Iterable[Criterion], bid_id: str) -> dict[str, Any]:
    ids = [one.id for one in criteria]
    return {
        "conforms": {"yes": True, "no": False}.get(form.get(conforms(bid_id), "")),
        "ground": form.get(ground(bid_id), "").strip() or None,
        **_head(form, bid_id),
        "scores": _filled(form, {one: score(bid_id, one) for one in ids}),
        "notes": _filled(form, {one: note(bid_id, one) for one in ids}),
    }


def _head(form: Mapping[str, str], bid_id: str) -> dict[str, str]:
    """Only who rejects names a head."""
    chosen = form.get(head(bid_id), "")
    return {"head": chosen} if chosen and form.get(conforms(bid_id)) == "no" else {}


def _filled(form: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    typed = {one: form.get(name, "").strip() for one, name in names.items()}
    return {one: text for one, text in typed.items() if text}
