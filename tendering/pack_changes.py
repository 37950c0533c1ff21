"""What changed between two versions of a law pack, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kernel.errors import Words
from tendering.packs import Pack, Rule, Unit

UNITS: dict[Unit, Words] = {
    Unit.DAY: Words("日", "days"),
    Unit.WORKING_DAY: Words("个工作日", "working days"),
    Unit.SECOND: Words("秒", "seconds"),
    Unit.PERCENT: Words("%", "%"),
    Unit.FEN: Words("分", "fen"),
    Unit.THIRD: Words("/3", "thirds"),
    Unit.MONTH: Words("个月", "months"),
    Unit.YEAR: Words("年", "years"),
}


@dataclass(frozen=True)
class Change:
    """One rule that came, went or changed."""

    rule: str
    words: Words


def changes(old: Pack, new: Pack) -> list[Change]:
    """In the order of the new pack, what went at the end; empty when every rule is the same."""
    was, now = {rule.id: rule for rule in old.rules}, {rule.id: rule for rule in new.rules}
    found = [change for rule in new.rules for change in _changed(was.get(rule.id), rule)]
    gone = [rule for rule in old.rules if rule.id not in now]
    return found + [Change(rule.id, Words(f"删除：{rule.words.zh}", f"gone: {rule.words.en}")) for rule in gone]


def amount(rule: Rule) -> Words:
    """The rule's number with its unit."""
    unit = UNITS[rule.unit] if rule.unit else Words("", "")
    return Words(f"{rule.value}{unit.zh}", f"{rule.value} {unit.en}".strip())


def _changed(old: Rule | None, new: Rule) -> Iterator[Change]:
    if old is None:
        yield Change(new.id, Words(f"新增：{new.words.zh}", f"new: {new.words.en}"))
        return
    if (old.value, old.unit, old.count) != (new.value, new.unit, new.count):
        yield Change(new.id, _both("数字", "the number", amount(old), amount(new)))
    if old.clause != new.clause:
        yield Change(new.id, _both("条文", "the clause", Words(old.clause, old.clause), Words(new.clause, new.clause)))
    if old.words != new.words:
        yield Change(new.id, Words(f"文字改为：{new.words.zh}", f"now reads: {new.words.en}"))
    if old.unverified != new.unverified:
        checked = Words("已经核实", "is now verified") if old.unverified else Words("待核实", "is no longer verified")
        yield Change(new.id, checked)


def _both(zh: str, en: str, old: Words, new: Words) -> Words:
    return Words(f"{zh}由“{old.zh}”改为“{new.zh}”", f"{en} was “{old.en}” and is now “{new.en}”")
