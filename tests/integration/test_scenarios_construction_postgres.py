"""The life cycles of construction on PostgreSQL: each step as its file says, and a stranger's recheck at the end."""

from __future__ import annotations

from scenario_stage import each, fault, of_trade


@each(of_trade("construction"), "postgres")
def test_a_life_cycle_goes_as_its_file_says_and_a_stranger_accepts_it(path, engine):
    assert fault(path, engine) is None
