"""What the database itself refuses of the ledger, on SQLite and on PostgreSQL (escrow.md 2.4).

An entry declares its legs; a deferred foreign key makes that leg exist at COMMIT, and legs come one after the other, so that an
entry has exactly as many as it says and none is ever added. A guarded account is never overdrawn, counting what is reserved.
Nothing is changed or deleted. Kept apart from the models so that migrations take the same words.
"""

from __future__ import annotations

from typing import Final

TABLES: Final = ("ledger_account", "ledger_entry", "ledger_transfer")

_OVERDRAWN = """SELECT 1 FROM ledger_account a WHERE a.id IN (NEW.debit_id, NEW.credit_id) AND a.guard > 0 AND (
  SELECT COALESCE(SUM(CASE
    WHEN t.phase IN ('posted', 'post') AND (t.credit_id = a.id) = (a.guard = 1) THEN t.amount
    WHEN t.phase IN ('posted', 'post') THEN -t.amount
    WHEN t.phase = 'pending' AND (t.debit_id = a.id) = (a.guard = 1)
      AND NOT EXISTS (SELECT 1 FROM ledger_transfer r WHERE r.pending_id = t.id) THEN -t.amount
    ELSE 0 END), 0)
  FROM ledger_transfer t WHERE t.debit_id = a.id OR t.credit_id = a.id) < 0"""

_OUT_OF_TURN = """NEW.seq <> 1 + (SELECT COUNT(*) FROM ledger_transfer t WHERE t.entry_id = NEW.entry_id)
  OR NEW.seq > COALESCE((SELECT e.legs FROM ledger_entry e WHERE e.id = NEW.entry_id), 0)"""

_UNFOUNDED = """NEW.pending_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM ledger_transfer p
  WHERE p.id = NEW.pending_id AND p.phase = 'pending' AND p.debit_id = NEW.debit_id AND p.credit_id = NEW.credit_id
  AND (NEW.amount = p.amount OR (NEW.phase = 'post' AND NEW.amount < p.amount)))"""

_SAME_ROW = {
    "ledger_account": "t.id = NEW.id OR t.code = NEW.code",
    "ledger_entry": "t.id = NEW.id OR t.key = NEW.key",
    "ledger_transfer": "t.id = NEW.id OR (t.entry_id = NEW.entry_id AND t.seq = NEW.seq) OR t.pending_id = NEW.pending_id",
}


_COVERED = (
    "CREATE TRIGGER ledger_transfer_covered AFTER INSERT ON ledger_transfer BEGIN"
    f" SELECT RAISE(ABORT, 'ledger.overdrawn') WHERE EXISTS ({_OVERDRAWN}); END"
)


def statements(dialect: str) -> tuple[str, ...]:
    """The DDL to run once the three tables are there."""
    return _sqlite() if dialect == "sqlite" else _postgres()


def _sqlite() -> tuple[str, ...]:
    """INSERT OR REPLACE deletes without firing DELETE triggers, so an insert over a row that stands is refused too."""
    found = [
        _refusing(f"{table}_no_{act.lower()}", f"{act} ON {table}", "1", "append_only")
        for table in TABLES
        for act in ("UPDATE", "DELETE")
    ]
    found += [
        _refusing(
            f"{table}_no_replace",
            f"INSERT ON {table}",
            f"EXISTS (SELECT 1 FROM {table} t WHERE {same})",  # noqa: S608  our own names
            "exists",
        )
        for table, same in _SAME_ROW.items()
    ]
    return (
        *found,
        _refusing("ledger_transfer_whole", "INSERT ON ledger_transfer", "typeof(NEW.amount) <> 'integer'", "not_whole"),
        _refusing("ledger_transfer_turn", "INSERT ON ledger_transfer", _OUT_OF_TURN, "out_of_turn"),
        _refusing("ledger_transfer_founded", "INSERT ON ledger_transfer", _UNFOUNDED, "unfounded"),
        _COVERED,
    )


def _refusing(name: str, when: str, condition: str, why: str) -> str:
    return f"CREATE TRIGGER {name} BEFORE {when} WHEN {condition} BEGIN SELECT RAISE(ABORT, 'ledger.{why}'); END"


def _postgres() -> tuple[str, ...]:
    """The guarded accounts are locked first, before the row's own foreign keys: of two holds at one instant the second waits and sees."""
    append_only = [
        f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only()"
        for table in TABLES
    ]
    return (
        _function("ledger_append_only", "RAISE EXCEPTION 'ledger.append_only';"),
        _function(
            "ledger_transfer_checked",
            "PERFORM 1 FROM ledger_account a WHERE a.id IN (NEW.debit_id, NEW.credit_id) AND a.guard > 0"
            f" ORDER BY a.id FOR NO KEY UPDATE; IF {_OUT_OF_TURN} THEN RAISE EXCEPTION 'ledger.out_of_turn'; END IF;"
            f" IF {_UNFOUNDED} THEN RAISE EXCEPTION 'ledger.unfounded'; END IF; RETURN NEW;",
        ),
        _function(
            "ledger_transfer_covered",
            f"IF EXISTS ({_OVERDRAWN}) THEN RAISE EXCEPTION 'ledger.overdrawn'; END IF; RETURN NULL;",
        ),
        *append_only,
        _on_each("ledger_transfer_check", "BEFORE", "ledger_transfer_checked"),
        _on_each("ledger_transfer_cover", "AFTER", "ledger_transfer_covered"),
    )


def _on_each(name: str, when: str, function: str) -> str:
    return f"CREATE TRIGGER {name} {when} INSERT ON ledger_transfer FOR EACH ROW EXECUTE FUNCTION {function}()"


def _function(name: str, body: str) -> str:
    return f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"


def undone(dialect: str) -> tuple[str, ...]:
    """What is left to drop when the tables are gone."""
    names = ("ledger_transfer_covered", "ledger_transfer_checked", "ledger_append_only")
    return () if dialect == "sqlite" else tuple(f"DROP FUNCTION {name}()" for name in names)
