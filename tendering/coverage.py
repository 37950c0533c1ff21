"""Which rule of the law packs is held where, and which test proves it: read from the source, never from a list.

Code says what it holds by `kernel.law.holds`; a test says what it proves by the rule's number in its name
(`test_c09_g01_...`). A checkout is needed: an installed package has no tests.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tendering import packs
from tendering.packs import Rule

ROOT = Path(__file__).parent.parent
NUMBER = re.compile(r"[a-z]{1,2}\d{2}")
PROVES = re.compile(rf"(?<=_){NUMBER.pattern}(?=_)")
Places = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Row:
    """A rule with the functions that hold it (`tendering/timetable.py publicity_until`) and the tests that prove it."""

    rule: Rule
    packs: tuple[str, ...]
    held: tuple[str, ...]
    proved: tuple[str, ...]


def coverage(root: Path = ROOT) -> list[Row]:
    """Every rule of the national packs, in the order of their numbers."""
    marks, tests = held(root), proved(root)
    found = defaultdict[str, list[str]](list)
    rules = dict[str, Rule]()
    for name in packs.names():
        for rule in packs.load(name).rules:
            rules.setdefault(rule.id, rule)
            found[rule.id].append(name)
    return [_row(rules[id_], tuple(found[id_]), marks, tests) for id_ in sorted(rules)]


def _row(rule: Rule, names: tuple[str, ...], marks: Places, tests: Places) -> Row:
    subject = ":".join(filter(None, (rule.begins, rule.ends)))
    places = [*marks.get(rule.id, ()), *marks.get(subject, ())]
    number = re.match(NUMBER, rule.id.lower())
    return Row(rule, names, tuple(dict.fromkeys(places)), tests.get(number.group(), ()) if number else ())


def held(root: Path = ROOT) -> Places:
    """Subject to the functions marked with it."""
    found = defaultdict[str, list[str]](list)
    for path in sorted(root.glob("[a-z]*/**/*.py")):
        name = path.relative_to(root)
        if name.parts[0] == "tests" or not (root / name.parts[0] / "__init__.py").exists():
            continue
        for function, subject in _marks(path):
            found[subject].append(f"{name} {function}")
    return {subject: tuple(places) for subject, places in found.items()}


def _marks(path: Path) -> Iterator[tuple[str, str]]:
    source = path.read_text()
    if "holds(" not in source:
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for mark in node.decorator_list:
                yield from ((node.name, subject) for subject in _subjects(mark))


def _subjects(mark: ast.expr) -> list[str]:
    if isinstance(mark, ast.Call) and ast.unparse(mark.func) in ("holds", "law.holds"):
        return [str(ast.literal_eval(argument)) for argument in mark.args]
    return []


def proved(root: Path = ROOT) -> Places:
    """Number of a row in small letters to the tests that have it in their names."""
    found = defaultdict[str, list[str]](list)
    for path in sorted(root.glob("tests/**/test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for number in PROVES.findall(f"{node.name}_"):
                    found[number].append(f"{path.relative_to(root)} {node.name}")
    return {number: tuple(tests) for number, tests in found.items()}
