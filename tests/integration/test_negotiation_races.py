"""Two members who call two suppliers at one instant, on both databases: one session, and the other is told why (N04)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from evaluation.negotiation import parties, threads
from kernel.errors import Conflict
from tendering.lifecycle import lot_of
from tests.log_stage import ENGINES
from tests.negotiation_stage import SEATED, played
from tests.portal_stage import one_database


@pytest.mark.parametrize("engine", ENGINES)
def test_n04_two_sessions_at_one_instant_are_one(engine, tmp_path):
    with one_database(engine, tmp_path) as database, played(tmp_path, *SEATED, database=database) as world:
        code = world.code(1)
        with world.act(write=False):
            bids = [one.bid_id for one in parties.suppliers(lot_of(code))]
        ready = Barrier(2)

        def call(number: int) -> str:
            member = world.people[f"expert{number + 1}"]
            ready.wait()
            try:
                with world.act() as now:
                    return threads.call(member.actor, code, bids[number], now).bid_id
            except Conflict as refusal:
                return refusal.code

        with ThreadPoolExecutor(2) as pool:
            found = list(pool.map(call, range(2)))
        assert found.count("negotiation.busy") == 1
        with world.act(write=False):
            assert [one.bid_id for one in threads.sessions(code)] == [one for one in found if one in bids]
