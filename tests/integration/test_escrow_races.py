"""Two at once: money leaves once whoever is first, numbers are given once; on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import current_app
from sqlalchemy.exc import DBAPIError

from escrow import asking, ledger, payments
from escrow.ledger import BANK, Event, Leg
from escrow.models import Deposit
from kernel import site as sites
from kernel.db import db, transaction
from kernel.errors import Refusal
from kernel.money import Fen
from kernel.site import site
from tests.escrow_stage import DUE, EscrowStage, escrow_staged
from tests.log_stage import ENGINES, START


@pytest.fixture(params=ENGINES)
def stage(request, tmp_path):
    with escrow_staged(tmp_path, request.param) as found:
        yield found


def at_once(acts: list[Callable[[], Any]]) -> list[Any]:
    """All start together; what each gave back, or was refused with by a rule or by the database."""
    app, here, gate = current_app._get_current_object(), site(), threading.Barrier(len(acts))
    found: list[Any] = [None] * len(acts)

    def run(place: int, act: Callable[[], Any]) -> None:
        with app.app_context(), sites.used(here):
            gate.wait()
            try:
                found[place] = act()
            except (Refusal, DBAPIError) as refusal:
                found[place] = refusal

    threads = [threading.Thread(target=run, args=(n, act)) for n, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_of_eight_who_reserve_at_once_only_as_many_succeed_as_there_is_money(stage: EscrowStage) -> None:
    with transaction():
        ledger.post(Event("bank:1", "test", START), [Leg(BANK, "L:dep:a", Fen(500))])

    def hold(number: int) -> bool:
        with transaction():
            return ledger.hold(Event(f"r{number}", "test", START), [Leg("L:dep:a", BANK, Fen(100))])

    found = at_once([lambda number=number: hold(number) for number in range(8)])
    assert found.count(True) == 5
    with transaction(write=False):
        assert ledger.balance("L:dep:a") == ledger.Balance(Fen(500), Fen(500))


def test_a_batch_approved_twice_at_once_is_reserved_once(stage: EscrowStage) -> None:
    stage.paid("bidder")
    stage.failed()
    stage.step()
    number = stage.refund("bidder").id
    with stage.act() as now:
        token = payments.propose(stage.actor("fin"), [number], "依法退还", now).token

    def approve(name: str) -> str:
        with stage.act() as now:
            return payments.approve(stage.actor(name), token, now).token

    found = at_once([lambda name=name: approve(name) for name in ("owner", "manager")])
    assert found.count(token) == 1
    with stage.act(write=False):
        assert ledger.balance(f"L:dep:{stage.numbers['bidder']}").reserved == DUE


def test_a_number_asked_for_twice_at_once_is_one(stage: EscrowStage) -> None:
    def issue() -> str:
        with stage.act() as now:
            return asking.issue(stage.actor("bidder"), stage.lot, "transfer", now).ref

    given = [ref for ref in at_once([issue] * 4) if isinstance(ref, str)]
    with stage.act(write=False):
        assert [row.ref for row in db.session.query(Deposit)] == [given[0]]
    assert len(set(given)) == 1
