"""The set of scenarios: how many there are and what they cover; `test_scenarios_TRADE_ENGINE.py` play them."""

from __future__ import annotations

from scenario_stage import FILES, TRADES, of_trade, rest

from portal.scenario.script import load


def test_there_are_at_least_forty_of_both_trades():
    found = [load(path) for path in FILES]
    assert len(found) >= 40
    assert {scenario.trade for scenario in found} >= {"construction", "procurement"}
    assert {scenario.pack for scenario in found} >= {"cn.construction.open.2026", "cn.procurement.open.2026"}


def test_every_scenario_is_played_by_one_test_file():
    assert sorted([*rest(), *(path for trade in TRADES for path in of_trade(trade))]) == FILES
