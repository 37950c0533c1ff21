"""A method object is read whole before a notice is published: what the calculation would refuse later is an obstacle now."""

from __future__ import annotations

from typing import Any

from evaluation import spec
from kernel.errors import Invalid
from tendering import methods


def register() -> None:
    """Have the checklist of a draft include our reading of its method."""
    if faults not in methods.VALIDATORS:
        methods.VALIDATORS.append(faults)


def faults(method: dict[str, Any]) -> list[str]:
    """One sentence for each field that does not stand."""
    try:
        spec.from_json(method)
    except Invalid as refusal:
        return [f"{name or 'method'}: {fault}" for name, fault in refusal.detail["fields"].items()]
    return []
