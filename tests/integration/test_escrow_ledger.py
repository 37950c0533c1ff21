"""The ledger: entries are whole, happen once, are never changed, and nothing leaves twice; the database refuses every attack itself."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from escrow import ledger
from escrow.ledger import BANK, Event, Leg
from kernel.db import db, transaction
from kernel.errors import Conflict
from kernel.money import Fen
from portal.setup import migrate
from tests.log_stage import ENGINES, START
from tests.portal_stage import one_database, settings_of
from tests.tendering_stage import staged

DEP, OTHER = "L:dep:a", "L:dep:b"


@pytest.fixture(params=ENGINES)
def stage(request, tmp_path):
    """On the schema as the migrations make it, with its triggers."""
    with one_database(request.param, tmp_path) as where:
        migrate(settings_of(tmp_path, where))
        with staged(tmp_path, url=where) as found:
            yield found


def event(key: str, kind: str = "test") -> Event:
    return Event(key, kind, START)


def paid(key: str = "bank:1", amount: int = 500) -> bool:
    with transaction():
        return ledger.post(event(key), [Leg(BANK, DEP, Fen(amount))])


def attack(statement: str, **values: object) -> None:
    """Straight to the database, past the service; it must not come through COMMIT."""
    with pytest.raises(DBAPIError), transaction():
        db.session.execute(text(statement), values)
    with transaction(write=False):
        assert ledger.balance(DEP).posted == 500


def numbers() -> dict[str, int]:
    with transaction(write=False):
        rows = db.session.execute(text("SELECT code, id FROM ledger_account")).all()
        entry = db.session.execute(text("SELECT max(id) FROM ledger_entry")).scalar_one()
    return {**dict(map(tuple, rows)), "entry": entry}


def test_an_entry_stands_on_both_sides_and_happens_once(stage):
    assert paid()
    assert not paid(), "the same event again is the same entry"
    with transaction(write=False):
        assert ledger.balance(DEP) == ledger.Balance(Fen(500), Fen(0))
        assert ledger.balance(BANK).posted == 500
        assert ledger.balance("L:dep:nobody").posted == 0


def test_a_key_with_other_content_is_a_conflict(stage):
    paid()
    with pytest.raises(Conflict, match=r"ledger\.key"):
        paid(amount=501)


def test_a_fraction_of_a_fen_never_goes_in(stage):
    with pytest.raises(TypeError), transaction():
        ledger.post(event("x"), [Leg(BANK, DEP, 1.5)])  # type: ignore[arg-type]


def test_what_is_reserved_cannot_be_reserved_again(stage):
    paid()
    out = [Leg(DEP, BANK, Fen(500))]
    with transaction():
        ledger.hold(event("r1:hold"), out)
        assert ledger.balance(DEP) == ledger.Balance(Fen(500), Fen(500))
    with pytest.raises(DBAPIError, match="overdrawn"), transaction():
        ledger.hold(event("r2:hold"), out)
    with transaction():
        ledger.settle(event("r1:post"), "r1:hold")
        assert ledger.balance(DEP) == ledger.Balance(Fen(0), Fen(0))
        assert ledger.balance(BANK).posted == 0
    with pytest.raises(DBAPIError), transaction():
        ledger.release(event("r1:void"), "r1:hold")


def test_what_did_not_leave_is_free_again(stage):
    paid()
    with transaction():
        ledger.hold(event("r1:hold"), [Leg(DEP, BANK, Fen(500))])
        ledger.release(event("r1:void"), "r1:hold")
        assert ledger.balance(DEP) == ledger.Balance(Fen(500), Fen(0))
        ledger.hold(event("r2:hold"), [Leg(DEP, BANK, Fen(500))])
    with pytest.raises(Conflict, match=r"ledger\.no_hold"), transaction():
        ledger.settle(event("r9:post"), "r9:hold")


def test_nobody_takes_more_than_a_deposit_holds(stage):
    paid()
    with pytest.raises(DBAPIError, match="overdrawn"), transaction():
        ledger.post(event("x"), [Leg(DEP, BANK, Fen(501))])
    with pytest.raises(DBAPIError, match="overdrawn"), transaction():
        ledger.post(event("y"), [Leg(DEP, OTHER, Fen(400)), Leg(DEP, OTHER, Fen(101))])


@pytest.mark.parametrize("table", ["ledger_account", "ledger_entry", "ledger_transfer"])
def test_nothing_is_changed_or_deleted(stage, table):
    paid()
    column = {"ledger_account": "code", "ledger_entry": "key", "ledger_transfer": "amount"}[table]
    attack(f"UPDATE {table} SET {column} = {column}")
    attack(f"DELETE FROM {table}")


def test_a_row_is_not_replaced(stage, request):
    if request.node.callspec.params["stage"] != "sqlite":
        pytest.skip("INSERT OR REPLACE is SQLite's; PostgreSQL's TRUNCATE has a test of its own")
    paid()
    attack("INSERT OR REPLACE INTO ledger_account (id, code, kind, guard) SELECT id, code, kind, 0 FROM ledger_account WHERE code = 'L:dep:a'")  # fmt: skip
    attack("INSERT OR REPLACE INTO ledger_transfer (id, entry_id, seq, phase, debit_id, credit_id, amount) SELECT id, entry_id, seq, phase, debit_id, credit_id, 1 FROM ledger_transfer")  # fmt: skip
    attack("INSERT OR REPLACE INTO ledger_entry (id, key, req_hash, kind, legs, at) SELECT id, key, 'x', kind, legs, at FROM ledger_entry")  # fmt: skip


def test_a_table_is_not_emptied_at_once(stage, request):
    if request.node.callspec.params["stage"] == "sqlite":
        pytest.skip("SQLite knows no TRUNCATE")
    paid()
    attack("TRUNCATE ledger_transfer CASCADE")


LEG = "INSERT INTO ledger_transfer (entry_id, seq, phase, pending_id, debit_id, credit_id, amount) VALUES (:entry, :seq, :phase, :pending, :debit, :credit, :amount)"  # fmt: skip
HEAD = "INSERT INTO ledger_entry (key, req_hash, kind, legs, at) VALUES ('forged', 'x', 'x', :legs, '2026-11-23 01:00:00+00:00')"


def leg(**changed: object) -> dict[str, object]:
    found = numbers()
    usual = {"entry": found["entry"], "seq": 2, "phase": "posted", "pending": None, "debit": found[BANK], "credit": found[DEP], "amount": 1}  # fmt: skip
    return {**usual, **changed}


def test_no_leg_is_added_to_an_entry_that_stands(stage):
    paid()
    attack(LEG, **leg())
    attack(LEG, **leg(seq=3))
    attack(LEG, **leg(seq=1))


def write_past(legs: int, rows: list[dict[str, object]]) -> None:
    with transaction():
        db.session.execute(text(HEAD), {"legs": legs})
        entry = db.session.execute(text("SELECT max(id) FROM ledger_entry")).scalar_one()
        for row in rows:
            db.session.execute(text(LEG), {**row, "entry": entry})


def forged(legs: int, *rows: dict[str, object]) -> None:
    """An entry made by hand, with these legs."""
    found = [leg(seq=seq, **row) for seq, row in enumerate(rows, 1)]
    with pytest.raises(DBAPIError):
        write_past(legs, found)
    with transaction(write=False):
        assert not ledger.stands("forged")


def test_an_entry_has_exactly_the_legs_it_declares(stage):
    paid()
    forged(2, {})
    forged(1, {}, {})
    forged(1)
    forged(0)


@pytest.mark.parametrize(
    "odd",
    [
        {"amount": 0},
        {"amount": -1},
        {"amount": 100_000_000_000_000_000},
        {"phase": "else"},
        {"phase": "post"},
        {"phase": "void"},
        {"debit": 999_999},
        {"pending": 1},
    ],
)
def test_a_leg_is_two_accounts_and_a_positive_amount(stage, odd):
    paid()
    forged(1, odd)


def test_a_leg_from_an_account_to_itself_moves_nothing(stage):
    paid()
    forged(1, {"debit": numbers()[BANK], "credit": numbers()[BANK]})


def test_a_resolution_keeps_to_what_it_resolves(stage):
    paid()
    with transaction():
        ledger.hold(event("r1:hold"), [Leg(DEP, BANK, Fen(300))])
        ledger.post(event("bank:2"), [Leg(BANK, OTHER, Fen(5))])
        pending = db.session.execute(text("SELECT id FROM ledger_transfer WHERE phase = 'pending'")).scalar_one()
    found = numbers()
    right = {"phase": "post", "pending": pending, "debit": found[DEP], "credit": found[BANK], "amount": 300}
    forged(1, {**right, "amount": 301})
    forged(1, {**right, "debit": found[OTHER]})
    forged(1, {**right, "debit": found[BANK], "credit": found[DEP]})
    forged(1, {**right, "phase": "void", "amount": 299})
    forged(2, right, right)


def test_a_fraction_past_the_service_is_refused(stage, request):
    if request.node.callspec.params["stage"] != "sqlite":
        pytest.skip("PostgreSQL rounds the literal; the service refuses what is no whole number before")
    paid()
    forged(1, {"amount": 1.5})


def test_events_carry_their_own_time(stage):
    later = START + dt.timedelta(days=3)
    with transaction():
        ledger.post(Event("late", "test", later), [Leg(BANK, DEP, Fen(7))])
        assert db.session.execute(text("SELECT count(*) FROM ledger_entry WHERE key = 'late'")).scalar_one() == 1
