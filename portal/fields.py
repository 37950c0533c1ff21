"""`kaibiao fields`: every field that is not public from the start, with who sees it from when and by which law."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from bidding import visibility as bids
from escrow import visibility as deposits
from evaluation import visibility as evaluation
from evaluation.negotiation import visibility as negotiation
from evaluation.qualification import visibility as qualification
from kernel.errors import Words
from kernel.visibility import Row, Table
from oversight import directive_visibility as directives
from oversight import visibility as complaints
from tendering import visibility as tenders
from tendering.agreement import visibility as agreement
from tendering.baseprice import visibility as baseprice
from tendering.contracts import visibility as contracts
from tendering.filing import visibility as filing
from tendering.invitations import visibility as invitations
from tendering.objections import visibility as objections
from tendering.offers import visibility as offers
from tendering.prequal import visibility as prequal

TABLES: tuple[Table[Any, Any], ...] = (
    tenders.TABLE,
    filing.TABLE,
    invitations.TABLE,
    prequal.TABLE,
    offers.TABLE,
    tenders.QUESTION,
    baseprice.TABLE,
    bids.TABLE,
    deposits.TABLE,
    objections.TABLE,
    qualification.TABLE,
    evaluation.TABLE,
    negotiation.TABLE,
    agreement.TABLE,
    contracts.TABLE,
    complaints.TABLE,
    directives.TABLE,
)
"""In the order of a tender's life. The tests walk every row; a slice with secrets of its own adds its table here."""


NOBODY = Words("任何人都看不到", "nobody, ever")
ALWAYS = Words("始终", "always")


def grouped(table: Table[Any, Any]) -> list[list[tuple[str, Row[Any, Any]]]]:
    """The fields with their names, those together that are shown alike by the same law."""
    found: list[list[tuple[str, Row[Any, Any]]]] = []
    for name, row in table.rows.items():
        same = next((group for group in found if _alike(group[0][1], row)), None)
        if same is None:
            found.append([(name, row)])
        else:
            same.append((name, row))
    return found


def _alike(one: Row[Any, Any], other: Row[Any, Any]) -> bool:
    return (one.seen, one.after_opening, one.law) == (other.seen, other.after_opening, other.law)


def sentences(table: Table[Any, Any], row: Row[Any, Any]) -> list[Words]:
    """Who sees the field when, those who see it alike in one sentence."""
    alike: dict[Words, list[Words]] = {}
    for viewer, words in table.viewers.items():
        if when := _when(table, row, viewer):
            alike.setdefault(when, []).append(words)
    found = [_sentence(who, when, everybody=len(who) == len(table.viewers)) for when, who in alike.items()]
    return found or [NOBODY]


def _sentence(who: Sequence[Words], when: Words, *, everybody: bool) -> Words:
    zh = "所有人" if everybody else "、".join(one.zh for one in who)
    en = "Everybody" if everybody else "; ".join(one.en for one in who)
    return Words(f"{zh}：{when.zh}", f"{en}: {when.en}")


def _when(table: Table[Any, Any], row: Row[Any, Any], viewer: Any) -> Words | None:
    """From which moment on, or at which moments; None where this viewer never sees it."""
    order, moments = list(table.moments), row.seen.get(viewer, frozenset())
    places = [place for place, moment in enumerate(order) if moment in moments]
    if not places:
        return None
    names = [table.moments[order[place]] for place in places]
    if len(places) == len(order):
        found = ALWAYS
    elif len(places) > 1 and places == list(range(places[0], len(order))):
        found = Words(f"自“{names[0].zh}”起", f"from “{names[0].en}” on")
    else:
        found = Words("、".join(f"“{one.zh}”" for one in names), ", ".join(f"“{one.en}”" for one in names))
    return Words(f"{found.zh}，开标后", f"{found.en}, once bids are open") if viewer in row.after_opening else found


def fields_main(argv: Sequence[str]) -> int:
    """Who sees which field, from when, by which law."""
    parser = argparse.ArgumentParser(prog="kaibiao fields", description=fields_main.__doc__)
    parser.add_argument("table", nargs="?", choices=[table.name for table in TABLES])
    parser.add_argument("--lang", choices=("zh", "en"), default="zh")
    args = parser.parse_args(argv)
    for table in TABLES:
        if args.table in (None, table.name):
            sys.stdout.writelines(f"{line}\n" for line in _lines(table, args.lang))
    return 0


def _lines(table: Table[Any, Any], language: str) -> Iterator[str]:
    yield f"{table.name}  {table.words.in_language(language)}"
    for name, row in table.rows.items():
        yield f"  {name:16} {row.words.in_language(language)}  [{row.law}]"
        yield from (f"    {one.in_language(language)}" for one in sentences(table, row))
    yield ""
