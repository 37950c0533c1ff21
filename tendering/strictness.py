"""A local pack may only be stricter than the law it rests on (rules.md 1)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from kernel import canonical
from kernel.errors import Conflict, Invalid, Words
from kernel.law import holds
from tendering import packs, statute
from tendering.packs import Kind, Pack, Rule

HIGHER = frozenset({
    Kind.MIN_INTERVAL, Kind.MIN_COUNT, Kind.MIN_PERCENT, Kind.MIN_FRACTION, Kind.MIN_MULTIPLE, Kind.MIN_YEARS, Kind.ODD_COUNT,
})  # fmt: skip
"""Kinds where more is stricter."""
LOWER = frozenset({
    Kind.MAX_INTERVAL, Kind.MAX_COUNT, Kind.MAX_PERCENT, Kind.MAX_FRACTION, Kind.MAX_AMOUNT, Kind.MAX_YEARS, Kind.MAX_MONTHS, Kind.THRESHOLD,
})  # fmt: skip
"""Kinds where less is stricter; from a lower threshold on more must be tendered."""


def read(raw: bytes) -> Pack:
    """A local pack's recipe, put together with its law; Invalid when it is none, Conflict when it is not as strict."""
    try:
        recipe = canonical.decode(raw)
        local = Pack.read(statute.whole(recipe))
        law = packs.load(recipe["base"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Invalid(
            "pack.unreadable", f"不是规则包：{error}", f"This is no law pack: {error}", rule="rules.md 1"
        ) from error
    check(local, law)
    return local


@holds("P15")
def adopt(folder: Path) -> list[Pack]:
    """Take up every local pack (`*.json`) of a folder and no others; refused with the rule when one is looser than its law."""
    found = [read(path.read_bytes()) for path in sorted(folder.glob("*.json"))]
    packs.LOCAL.clear()
    packs.LOCAL.update({pack.id: pack for pack in found})
    return found


def check(local: Pack, law: Pack) -> None:
    """Conflict naming the first rule of the law that the local pack drops, rewrites or loosens."""
    for words, rule in loosened(local, law):
        raise Conflict("pack.looser", words.zh, words.en, rule=rule.cited, pack=local.id, rules=[rule.id])


def loosened(local: Pack, law: Pack) -> Iterator[tuple[Words, Rule]]:
    """Every rule of the law that the local pack does not keep, with what is wrong."""
    ours = {rule.id: rule for rule in local.rules}
    for rule in law.rules:
        mine = ours.get(rule.id)
        if mine is None:
            yield Words(f"地方规则包缺少 {rule.id}。", f"The local pack leaves out {rule.id}."), rule
        elif not _same_rule(mine, rule):
            yield Words(f"地方规则包改写了 {rule.id}。", f"The local pack rewrites {rule.id}."), rule
        elif not _as_strict(mine, rule):
            yield (
                Words(
                    f"地方规则包把 {rule.id} 由 {rule.value} 放宽为 {mine.value}。",
                    f"The local pack loosens {rule.id} from {rule.value} to {mine.value}.",
                ),
                rule,
            )


def _same_rule(mine: Rule, rule: Rule) -> bool:
    """The same sentence about the same thing, held in the same ways; only its number may differ."""
    about = (rule.kind, rule.unit, rule.count, rule.roll, rule.begins, rule.ends, rule.alert)
    return (
        about == (mine.kind, mine.unit, mine.count, mine.roll, mine.begins, mine.ends, mine.alert)
        and mine.does >= rule.does
    )


def _as_strict(mine: Rule, rule: Rule) -> bool:
    if rule.kind in HIGHER:
        return mine.value >= rule.value
    if rule.kind in LOWER:
        return mine.value <= rule.value
    return mine.value == rule.value
