"""Law packs put together: tables of rules, taken by recipes. Pure but for reading the files that ship with the code.

A table holds the rules of one body of law, each once. A recipe is one of three things: a pack of its own (what it
`takes` from tables, `without` some, with `rules` of its own), practice (another pack by the clock, `seconds` for days), or
local (another pack with `values` that may only be stricter; `tendering.strictness` decides).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from kernel import canonical

FOLDER = Path(__file__).parent / "packs"
TABLES = ("construction", "procurement", "negotiated", "land", "property")
_DAYS = ("day", "working_day")
_PERIODS = ("min_interval", "max_interval")

Row = dict[str, Any]
Recipe = Mapping[str, Any]


@cache
def table(name: str) -> tuple[Row, ...]:
    """The rules of one table in its order."""
    return tuple(json.loads((FOLDER / "tables" / f"{name}.json").read_bytes())["rules"])


@cache
def recipes() -> dict[str, Recipe]:
    """Every pack that ships with the code, by its id."""
    read = [json.loads(path.read_bytes()) for path in sorted(FOLDER.glob("*.json")) if path.stem != "holidays"]
    return {recipe["id"]: recipe for recipe in read}


def whole(recipe: Recipe) -> bytes:
    """The pack as its hash covers it: every rule in full, canonical JSON. KeyError when it names what there is not."""
    return canonical.encode(_whole(recipe))


def _whole(recipe: Recipe) -> dict[str, Any]:
    if "base" not in recipe:
        return _composed(recipe)
    base = _whole(recipes()[recipe["base"]])
    rules = [_changed(rule, recipe) for rule in base["rules"]] + recipe.get("rules", [])
    head = {key: value for key, value in recipe.items() if key not in ("seconds", "values")}
    return {**base, **head, "rules": rules}


def _composed(recipe: Recipe) -> dict[str, Any]:
    taken = [row for name, ids in recipe["takes"].items() for row in _taken(name, ids)]
    left_out = set(recipe.get("without", ()))
    if missing := left_out - {row["id"] for row in taken}:
        raise KeyError(f"{recipe['id']} leaves out what it does not take: {', '.join(sorted(missing))}")
    rules = [row for row in taken if row["id"] not in left_out] + recipe.get("rules", [])
    head = {key: value for key, value in recipe.items() if key not in ("takes", "without")}
    return {**head, "base": None, "rules": rules}


def _taken(name: str, ids: list[str] | None) -> list[Row]:
    """All of a table, or the rules named, which must be there."""
    if ids is None:
        return list(table(name))
    held = {row["id"]: row for row in table(name)}
    return [held[one] for one in ids]


def _changed(rule: Row, recipe: Recipe) -> Row:
    """A rule of the base as practice or a local pack has it."""
    if rule["id"] in recipe.get("values", {}):
        return {**rule, "value": recipe["values"][rule["id"]]}
    if not recipe.get("practice") or rule["kind"] not in _PERIODS:
        return rule
    seconds = recipe.get("seconds", {}).get(rule["id"], rule["value"])
    if rule["unit"] not in _DAYS and rule["id"] not in recipe.get("seconds", {}):
        return rule
    return {**rule, "value": seconds, "unit": "second", "count": "elapsed", "roll": False}
