"""Words in a notice that may shut bidders out: each is a question to the owner, never a verdict (rules.md 6, S06). Pure.

Such words are changed, or the owner writes beside them why the purchase needs them; the reason is public with the notice.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from kernel.errors import Words
from kernel.law import holds
from tendering import statute
from tendering.packs import Kind, Pack, Rule

READ = ("qualification", "content", "documents_obtained", "submission")
"""Fields of the notice that are read; the names of the criteria are read with them."""


@dataclass(frozen=True)
class Term:
    subject: str
    words: tuple[str, ...]
    says: Words


@dataclass(frozen=True)
class Finding:
    """`quote` stands in the field `field` and does what `says` says; `rule` is the pack's."""

    field: str
    quote: str
    says: Words
    rule: Rule


@cache
def terms() -> tuple[Term, ...]:
    rows = json.loads((statute.FOLDER / "tables" / "wording.json").read_bytes())["terms"]
    return tuple(Term(row["subject"], tuple(row["words"]), Words(row["zh"], row["en"])) for row in rows)


@holds("fair_competition", "scale_conditions", "taker_conditions")
def findings(notice: Mapping[str, Any], pack: Pack) -> list[Finding]:
    """Every doubtful word of the notice that the pack's law speaks of, in the order of the form."""
    found = [hit for field, text in _texts(notice) for hit in _hits(field, text, pack)]
    return [*found, *_scored_twice(notice, pack)]


def unexplained(notice: Mapping[str, Any], pack: Pack) -> list[Finding]:
    """The findings for which the owner has not said why the purchase needs them."""
    reasons = notice.get("wording_reasons") or {}
    return [found for found in findings(notice, pack) if len(str(reasons.get(found.quote) or "").strip()) < 4]


def _texts(notice: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from ((name, str(notice.get(name) or "")) for name in READ)
    for number, lot in enumerate(notice.get("lots") or [], 1):
        for place, row in enumerate(_criteria(lot), 1):
            yield f"lots.{number}.criteria.{place}.name", str(row.get("name") or "")


def _criteria(lot: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    rows = (lot.get("method") or {}).get("criteria")
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _hits(field: str, text: str, pack: Pack) -> Iterator[Finding]:
    for term in terms():
        for rule in pack.find(Kind.REVIEW, term.subject):
            yield from (Finding(field, word, term.says, rule) for word in term.words if word in text)


@holds("qualification:criteria")
def _scored_twice(notice: Mapping[str, Any], pack: Pack) -> Iterator[Finding]:
    """What qualifies is not scored (G09): a criterion whose name stands among the qualifications."""
    says = Words("资格条件不得作为评审因素", "what qualifies is not scored")
    qualification = str(notice.get("qualification") or "")
    for rule in pack.find(Kind.DISJOINT, "criteria"):
        for field, name in _texts(notice):
            if ".criteria." in field and len(name) >= 2 and name in qualification:
                yield Finding(field, name, says, rule)
