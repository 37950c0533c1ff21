"""Every rule of the law packs is held somewhere and proved by a test, or stands in the list of what is still open."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kernel.law import holds
from tendering import coverage
from tendering.coverage import Row
from tests.unit.tendering.open_rules import OPEN

ROWS = {row.rule.id: row for row in coverage.coverage()}


@pytest.mark.parametrize("row", ROWS.values(), ids=list(ROWS))
def test_a_rule_is_held_and_proved_unless_it_is_listed_as_open(row: Row) -> None:
    if row.rule.id in OPEN:
        assert not (row.held and row.proved), f"{row.rule.id} is held and proved: take it off the list"
    else:
        assert row.held, f"nothing is marked as holding {row.rule.id}"
        assert row.proved, f"no test carries {row.rule.id} in its name"


def test_the_list_names_rules_that_exist() -> None:
    assert set(ROWS) >= OPEN


def test_every_mark_names_something_that_a_pack_speaks_of() -> None:
    spoken = {row.rule.id for row in ROWS.values()}
    spoken |= {":".join(filter(None, (row.rule.begins, row.rule.ends))) for row in ROWS.values()}
    moves = re.compile(r"T\d{2}|A\d")  # a transition of rules.md 5.3
    assert [mark for mark in coverage.held() if mark not in spoken and not moves.fullmatch(mark)] == []


def test_marks_and_tests_are_read_from_the_source(tmp_path: Path) -> None:
    (tmp_path / "tendering").mkdir()
    (tmp_path / "tendering" / "__init__.py").touch()
    (tmp_path / "tendering" / "rules.py").write_text('@holds("candidates", "C51")\ndef check_rank():\n    pass\n')
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_rules.py").write_text("def test_c51_g36_the_first_wins():\n    pass\n")
    rows = {row.rule.id: row for row in coverage.coverage(tmp_path)}
    assert rows["C51"].held == ("tendering/rules.py check_rank",)
    assert rows["C51"].proved == rows["G36"].proved == ("tests/test_rules.py test_c51_g36_the_first_wins",)
    assert rows["C47"].held == ("tendering/rules.py check_rank",)
    assert rows["C47"].proved == rows["C09"].held == ()


def test_a_mark_changes_nothing_and_names_something() -> None:
    assert holds("C09")(len) is len
    with pytest.raises(ValueError, match="at least one"):
        holds()
