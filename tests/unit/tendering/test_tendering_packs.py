"""Law packs: what they hold, where they may run."""

import datetime as dt
import json
import re

import pytest

from kernel.errors import Conflict, Invalid, NotFound, Refusal
from tendering import packs, statute
from tendering.codes import Trade
from tendering.packs import Does, Kind, Rule, Unit

ALL = packs.names()
CONSTRUCTION = "cn.construction.open.2026"
PROCUREMENT = "cn.procurement.open.2026"


RUN = (CONSTRUCTION, PROCUREMENT, "practice.construction.open", "practice.procurement.open")


def test_every_trade_and_procedure_has_its_pack() -> None:
    found = {(pack.trade.value, pack.procedure) for pack in map(packs.load, ALL) if not pack.practice}
    assert found == {
        *(("construction", procedure) for procedure in ("open", "invited", "prequalified")),
        *(
            ("procurement", procedure)
            for procedure in ("open", "invited", "prequalified", "negotiation", "consultation")
        ),
        *(("procurement", procedure) for procedure in ("inquiry", "single_source", "framework")),
        *(("land", procedure) for procedure in ("tender", "listing", "auction")),
        ("property", "transfer"),
        ("other", "local"),
    }


def test_every_row_of_the_tables_is_in_a_pack() -> None:
    rows = {row["id"] for name in statute.TABLES for row in statute.table(name)}
    taken = {rule.id for name in ALL for rule in packs.load(name).rules}
    assert rows == taken
    numbered = {row.partition(".")[0] for row in rows}
    assert numbered >= {f"C{n:02}" for n in range(1, 65)} | {f"G{n:02}" for n in range(1, 51)}
    assert numbered >= {f"{table}{n:02}" for table in "NLP" for n in range(1, 16)}


def test_every_rule_says_what_it_guards_and_how_it_is_held() -> None:
    for name in statute.TABLES:
        for row in statute.table(name):
            rule = Rule.read(row)
            assert rule.does, rule.id
            assert (rule.alert is not None) == (Does.ALERT in rule.does), rule.id
            assert rule.guards or rule.id == "P14", rule.id
            assert all(re.fullmatch(r"T[0-3][0-9]|A[1-4]", guard) for guard in rule.guards), rule.id


def test_a_number_has_a_unit_where_it_measures_something() -> None:
    for name in ALL:
        for rule in packs.load(name).rules:
            if rule.kind in (Kind.MIN_INTERVAL, Kind.MAX_INTERVAL):
                assert rule.value, rule.id
                assert rule.begins, rule.id
                assert rule.ends, rule.id
                assert rule.unit in (Unit.DAY, Unit.WORKING_DAY, Unit.SECOND), rule.id
                assert rule.count, rule.id


@pytest.mark.parametrize("pack_id", ALL)
def test_every_rule_cites_a_clause_in_chinese_and_speaks_two_languages(pack_id: str) -> None:
    for rule in packs.load(pack_id).rules:
        assert any("一" <= letter <= "鿿" for letter in rule.clause), rule.id
        assert rule.words.zh
        assert rule.words.en.isascii()
        assert rule.cited.startswith(rule.id)


@pytest.mark.parametrize("pack_id", ALL)
def test_rule_ids_are_unique_within_a_pack(pack_id: str) -> None:
    names = [rule.id for rule in packs.load(pack_id).rules]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("pack_id", RUN)
def test_a_pack_says_what_the_platform_must_know(pack_id: str) -> None:
    pack = packs.load(pack_id)
    assert pack.min_bids.value == 3
    assert pack.find(Kind.FORBIDDEN, "min_price")
    assert pack.find(Kind.RANK_ORDER, "award")
    assert pack.find(Kind.REQUIRED, "notice")
    assert pack.find(Kind.MIN_INTERVAL, "bids_due")
    assert sum(stage.holds_price for stage in pack.stages) == 1
    assert pack.timings.release_by > pack.timings.open_wait


@pytest.mark.parametrize("pack_id", [name for name in ALL if name.startswith("practice.")])
def test_practice_counts_in_seconds_and_keeps_every_rule_of_the_law(pack_id: str) -> None:
    play = packs.load(pack_id)
    law = packs.load(str(play.base))
    assert {rule.unit for rule in play.rules} & {Unit.DAY, Unit.WORKING_DAY} == set()
    assert [rule.id for rule in play.rules] == [rule.id for rule in law.rules]
    assert play.timings.rescue_until < 3600


@pytest.mark.parametrize(
    ("pack_id", "rule_id", "value", "unit"),
    [
        (CONSTRUCTION, "C05", 5, Unit.DAY),
        (CONSTRUCTION, "C09", 20, Unit.DAY),
        (CONSTRUCTION, "C10", 15, Unit.DAY),
        (CONSTRUCTION, "C48", 3, Unit.DAY),
        (CONSTRUCTION, "C49", 3, Unit.DAY),
        (PROCUREMENT, "G01", 20, Unit.DAY),
        (PROCUREMENT, "G02", 5, Unit.WORKING_DAY),
        (PROCUREMENT, "G03", 5, Unit.WORKING_DAY),
        (PROCUREMENT, "G10", 15, Unit.DAY),
        (PROCUREMENT, "G27.goods", 30, Unit.PERCENT),
        (PROCUREMENT, "G27.services", 10, Unit.PERCENT),
        (PROCUREMENT, "G36", 5, Unit.WORKING_DAY),
    ],
)
def test_the_numbers_of_the_law(pack_id: str, rule_id: str, value: int, unit: Unit) -> None:
    rule = next(found for found in packs.load(pack_id).rules if found.id == rule_id)
    assert (rule.value, rule.unit) == (value, unit)


def test_a_practice_pack_is_refused_for_a_real_tender() -> None:
    with pytest.raises(Conflict) as refusal:
        packs.choose("practice.construction.open", Trade.CONSTRUCTION, practice=False)
    assert refusal.value.code == "pack.practice_only"
    assert refusal.value.rule


def test_a_real_pack_is_refused_on_a_practice_installation() -> None:
    with pytest.raises(Conflict) as refusal:
        packs.choose(CONSTRUCTION, Trade.CONSTRUCTION, practice=True)
    assert refusal.value.code == "pack.real_only"


def test_an_installation_offers_only_its_own_packs() -> None:
    assert all(pack.practice for pack in packs.offered(practice=True))
    assert not any(pack.practice for pack in packs.offered(practice=False))
    practiced = {pack.id for pack in packs.offered(practice=True)}
    assert practiced == {name for name in ALL if name.startswith("practice.")}


def test_a_pack_whose_procedure_is_not_played_yet_is_refused_not_half_run() -> None:
    with pytest.raises(Conflict) as refusal:
        packs.choose("cn.procurement.framework.2026", Trade.PROCUREMENT, practice=False)
    assert refusal.value.code == "pack.not_played"


def test_a_pack_of_another_trade_is_refused() -> None:
    with pytest.raises(Invalid) as refusal:
        packs.choose(CONSTRUCTION, Trade.PROCUREMENT, practice=False)
    assert refusal.value.detail["fields"] == {"pack": "trade"}


@pytest.mark.parametrize("pack_id", ["", "../packs/holidays", "holidays", "cn.land.raffle.2026", "tables/land"])
def test_an_unknown_pack_is_not_found(pack_id: str) -> None:
    with pytest.raises(NotFound):
        packs.load(pack_id)


def test_every_refusal_of_a_pack_carries_a_rule() -> None:
    tries = [("x", True), ("practice.construction.open", False), (CONSTRUCTION, True), (PROCUREMENT, False)]
    for pack_id, practice in tries:
        with pytest.raises(Refusal) as refusal:
            packs.choose(pack_id, Trade.CONSTRUCTION, practice=practice)
        assert refusal.value.rule


def test_a_pack_is_in_force_from_its_day_on() -> None:
    pack = packs.load(CONSTRUCTION)
    assert not pack.in_force(dt.date(2025, 12, 31))
    assert pack.in_force(dt.date(2026, 1, 1))


def test_the_hash_is_over_the_exact_file() -> None:
    pack = packs.load(CONSTRUCTION)
    assert json.loads(pack.raw)["id"] == CONSTRUCTION
    assert len(pack.sha256) == 64


def test_weekends_are_worked_only_where_the_table_says_so() -> None:
    for number, year in packs.holidays().items():
        assert all(day.year == number and day.weekday() >= 5 for day in year.work)
        assert not year.work & year.off
        assert year.source
