"""C23: organizations under one head, or one holding another, in one lot: found at the opening, and told to no bidder before."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from bidding_stage import staged

from accounts import ties
from bidding import related
from bidding.related import Sign
from kernel.errors import Forbidden, Invalid
from tendering import lifecycle

ENGINES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
HEADS = {"a": "甲一", "b": "乙一", "c": "丙一", "d": "甲一"}


@pytest.fixture(params=ENGINES)
def stage(request, tmp_path):
    with staged(tmp_path, request.param) as found:
        yield found


def declare(stage, name, head, *holders):
    actor = stage.bidder_of(name).actor
    with stage.act() as now:
        return ties.declare(actor, head, holders, now)


def uscc(stage, name):
    return stage.bidder_of(name).actor.uscc


def test_c23_a_holding_and_a_shared_head_come_to_light_with_the_opening_record_and_not_before(stage):
    lot = stage.one_lot()
    for name, head in HEADS.items():
        declare(stage, name, head, *([uscc(stage, "b")] if name == "c" else []))
        stage.bid(lot, name)
    assert stage.facts("alert") == []
    with stage.act(write=False):
        assert related.shown(lifecycle.lot_of(lot)) == []
    stage.run_to_close(lot)
    stage.run_until("opened", lot)
    with stage.act(write=False):
        found = {
            frozenset({pair.one.bidder, pair.other.bidder}): pair.sign
            for pair, _ in related.shown(lifecycle.lot_of(lot))
        }
    named = {name: stage.bidder_of(name).actor.organization for name in HEADS}
    assert found == {frozenset({named["b"], named["c"]}): Sign.HOLDING, frozenset({named["a"], named["d"]}): Sign.HEAD}
    alerts = [fact for fact in stage.facts("alert") if fact.point == "S14.C23"]
    assert sorted(fact.color for fact in alerts) == ["red", "yellow"]
    assert {fact.lot for fact in alerts} == {lot}
    assert {fact.category for fact in alerts} == {"behavior"}


def test_c23_members_of_one_consortium_are_one_bidder(stage):
    declare(stage, "a", "甲一", uscc(stage, "b"))
    one, two = (stage.bidder_of(name).actor.organization_id for name in ("a", "b"))
    with stage.act(write=False):
        assert related.pairs([related.Bidding("0" * 32, "联合体", (one, two))]) == []


def test_c23_the_last_declaration_counts(stage):
    declare(stage, "a", "甲一", uscc(stage, "b"))
    declare(stage, "a", "甲二")
    bids = [
        related.Bidding(f"{at:032x}", name, (stage.bidder_of(name).actor.organization_id,))
        for at, name in enumerate(("a", "b"))
    ]
    with stage.act(write=False):
        assert related.pairs(bids) == []


def test_c23_who_is_held_by_the_owner_does_not_bid(stage):
    lot = stage.one_lot()
    declare(stage, "a", "甲一", stage.owner.uscc)
    with pytest.raises(Forbidden) as found:
        stage.bid(lot, "a")
    assert (found.value.code, found.value.rule) == ("bid.holding", "《招标投标法实施条例》第三十四条")


def test_c23_a_holder_is_named_by_its_code(stage):
    with pytest.raises(Invalid) as found:
        declare(stage, "a", "甲一", "not a code")
    assert found.value.code == "uscc.form"
