"""Deposits: the ledger with what the database itself refuses of it, and the register."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import kernel.db
from escrow import ledger_ddl

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

LEGS = ("fk_ledger_entry_last_leg", ["id", "legs"], ["entry_id", "seq"])


def _sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _last_leg() -> list[sa.ForeignKeyConstraint]:
    """SQLite takes the reference to a table that comes later, and cannot add one; PostgreSQL the other way round."""
    name, own, other = LEGS
    there = [f"ledger_transfer.{column}" for column in other]
    made = sa.ForeignKeyConstraint(own, there, name=name, initially="DEFERRED", deferrable=True)
    return [made] if _sqlite() else []


def upgrade() -> None:
    op.create_table(
        "deposit_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("at", kernel.db.Instant(timezone=True), nullable=False),
        sa.Column("differences", kernel.db.JSONText(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deposit_check")),
        sa.UniqueConstraint("day", name=op.f("uq_deposit_check_day")),
    )
    op.create_table(
        "ledger_account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=1), nullable=False),
        sa.Column("guard", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('A', 'L', 'I', 'E', 'M')", name=op.f("ck_ledger_account_kind_known")),
        sa.CheckConstraint("guard IN (0, 1, 2)", name=op.f("ck_ledger_account_guard_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_account")),
        sa.UniqueConstraint("code", name=op.f("uq_ledger_account_code")),
    )
    op.create_table(
        "ledger_entry",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("req_hash", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("legs", sa.Integer(), nullable=False),
        sa.Column("at", kernel.db.Instant(timezone=True), nullable=False),
        sa.CheckConstraint("legs > 0", name=op.f("ck_ledger_entry_some_leg")),
        *_last_leg(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entry")),
        sa.UniqueConstraint("key", name=op.f("uq_ledger_entry_key")),
    )
    op.create_table(
        "deposit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ref", sa.String(length=20), nullable=False),
        sa.Column("lot", sa.String(length=23), nullable=False),
        sa.Column("organization", sa.Integer(), nullable=False),
        sa.Column("person", sa.Integer(), nullable=False),
        sa.Column("form", sa.String(length=10), nullable=False),
        sa.Column("due_fen", sa.BigInteger(), nullable=False),
        sa.Column("issued_at", kernel.db.Instant(timezone=True), nullable=False),
        sa.Column("withdrawn_at", kernel.db.Instant(timezone=True), nullable=True),
        sa.Column("ended_at", kernel.db.Instant(timezone=True), nullable=True),
        sa.Column("ended", sa.String(length=10), nullable=True),
        sa.CheckConstraint("due_fen > 0", name=op.f("ck_deposit_something_due")),
        sa.ForeignKeyConstraint(
            ["organization"], ["organization.id"], name=op.f("fk_deposit_organization_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deposit")),
        sa.UniqueConstraint("ref", name=op.f("uq_deposit_ref")),
    )
    with op.batch_alter_table("deposit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_deposit_ended_at"), ["ended_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_deposit_lot"), ["lot"], unique=False)
        batch_op.create_index(batch_op.f("ix_deposit_organization"), ["organization"], unique=False)
        batch_op.create_index(
            "one_live_deposit",
            ["lot", "organization"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "deposit_account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organization", sa.Integer(), nullable=False),
        sa.Column("bank", sa.String(length=120), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("registered_at", kernel.db.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization"], ["organization.id"], name=op.f("fk_deposit_account_organization_organization")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deposit_account")),
    )
    with op.batch_alter_table("deposit_account", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_deposit_account_organization"), ["organization"], unique=False)

    op.create_table(
        "ledger_transfer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("phase", sa.String(length=8), nullable=False),
        sa.Column("pending_id", sa.Integer(), nullable=True),
        sa.Column("debit_id", sa.Integer(), nullable=False),
        sa.Column("credit_id", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(phase IN ('post', 'void')) = (pending_id IS NOT NULL)", name=op.f("ck_ledger_transfer_resolves_one")
        ),
        sa.CheckConstraint(
            "phase IN ('posted', 'pending', 'post', 'void')", name=op.f("ck_ledger_transfer_phase_known")
        ),
        sa.CheckConstraint(
            "amount > 0 AND amount < 100000000000000000", name=op.f("ck_ledger_transfer_amount_in_range")
        ),
        sa.CheckConstraint("debit_id <> credit_id", name=op.f("ck_ledger_transfer_two_accounts")),
        sa.ForeignKeyConstraint(
            ["credit_id"], ["ledger_account.id"], name=op.f("fk_ledger_transfer_credit_id_ledger_account")
        ),
        sa.ForeignKeyConstraint(
            ["debit_id"], ["ledger_account.id"], name=op.f("fk_ledger_transfer_debit_id_ledger_account")
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["ledger_entry.id"], name=op.f("fk_ledger_transfer_entry_id_ledger_entry")
        ),
        sa.ForeignKeyConstraint(
            ["pending_id"], ["ledger_transfer.id"], name=op.f("fk_ledger_transfer_pending_id_ledger_transfer")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_transfer")),
        sa.UniqueConstraint("entry_id", "seq", name=op.f("uq_ledger_transfer_entry_id")),
        sa.UniqueConstraint("pending_id", name=op.f("uq_ledger_transfer_pending_id")),
    )
    with op.batch_alter_table("ledger_transfer", schema=None) as batch_op:
        batch_op.create_index("ledger_transfer_credit", ["credit_id"], unique=False)
        batch_op.create_index("ledger_transfer_debit", ["debit_id"], unique=False)

    op.create_table(
        "refund_batch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Integer(), nullable=False),
        sa.Column("organization", sa.Integer(), nullable=False),
        sa.Column("proposed_at", kernel.db.Instant(timezone=True), nullable=False),
        sa.Column("approved_by", sa.Integer(), nullable=True),
        sa.Column("approved_at", kernel.db.Instant(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(approved_at IS NULL) = (approved_by IS NULL)", name=op.f("ck_refund_batch_approved_whole")
        ),
        sa.ForeignKeyConstraint(["approved_by"], ["person.id"], name=op.f("fk_refund_batch_approved_by_person")),
        sa.ForeignKeyConstraint(
            ["organization"], ["organization.id"], name=op.f("fk_refund_batch_organization_organization")
        ),
        sa.ForeignKeyConstraint(["proposed_by"], ["person.id"], name=op.f("fk_refund_batch_proposed_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_batch")),
        sa.UniqueConstraint("token", name=op.f("uq_refund_batch_token")),
    )
    op.create_table(
        "deposit_arrival",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=20), nullable=False),
        sa.Column("deposit_id", sa.Integer(), nullable=True),
        sa.Column("ref_said", sa.String(length=60), nullable=False),
        sa.Column("channel_ref", sa.String(length=60), nullable=False),
        sa.Column("channel_at", kernel.db.Instant(timezone=True), nullable=False),
        sa.Column("means", sa.String(length=10), nullable=False),
        sa.Column("payer_name", sa.String(length=120), nullable=False),
        sa.Column("payer_account", sa.String(length=40), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("problem", sa.String(length=20), nullable=True),
        sa.Column("entered_by", sa.Integer(), nullable=False),
        sa.Column("entered_at", kernel.db.Instant(timezone=True), nullable=False),
        sa.CheckConstraint("amount > 0 AND held >= 0 AND held <= amount", name=op.f("ck_deposit_arrival_held_of_it")),
        sa.ForeignKeyConstraint(["deposit_id"], ["deposit.id"], name=op.f("fk_deposit_arrival_deposit_id_deposit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deposit_arrival")),
        sa.UniqueConstraint("channel_ref", name=op.f("uq_deposit_arrival_channel_ref")),
        sa.UniqueConstraint("token", name=op.f("uq_deposit_arrival_token")),
    )
    with op.batch_alter_table("deposit_arrival", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_deposit_arrival_deposit_id"), ["deposit_id"], unique=False)

    op.create_table(
        "deposit_decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("deposit_id", sa.Integer(), nullable=False),
        sa.Column("ground", sa.String(length=20), nullable=False),
        sa.Column("law", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=False),
        sa.Column("decided_at", kernel.db.Instant(timezone=True), nullable=False),
        sa.Column("approved_by", sa.Integer(), nullable=True),
        sa.Column("approved_at", kernel.db.Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["approved_by"], ["person.id"], name=op.f("fk_deposit_decision_approved_by_person")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_deposit_decision_decided_by_person")),
        sa.ForeignKeyConstraint(["deposit_id"], ["deposit.id"], name=op.f("fk_deposit_decision_deposit_id_deposit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deposit_decision")),
        sa.UniqueConstraint("deposit_id", name=op.f("uq_deposit_decision_deposit_id")),
    )
    op.create_table(
        "deposit_guarantee",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("deposit_id", sa.Integer(), nullable=False),
        sa.Column("issuer", sa.String(length=120), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("received_at", kernel.db.Instant(timezone=True), nullable=False),
        sa.Column("valid_until", kernel.db.Instant(timezone=True), nullable=False),
        sa.Column("problem", sa.String(length=20), nullable=True),
        sa.Column("entered_by", sa.Integer(), nullable=False),
        sa.Column("entered_at", kernel.db.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["deposit_id"], ["deposit.id"], name=op.f("fk_deposit_guarantee_deposit_id_deposit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deposit_guarantee")),
        sa.UniqueConstraint("deposit_id", name=op.f("uq_deposit_guarantee_deposit_id")),
        sa.UniqueConstraint("number", name=op.f("uq_deposit_guarantee_number")),
    )
    op.create_table(
        "deposit_refund",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("deposit_id", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(length=12), nullable=False),
        sa.Column("rule", sa.String(length=20), nullable=False),
        sa.Column("law", sa.Text(), nullable=False),
        sa.Column("began_at", kernel.db.Instant(timezone=True), nullable=False),
        sa.Column("due_at", kernel.db.Instant(timezone=True), nullable=False),
        sa.Column("principal", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.Column("interest", sa.BigInteger(), nullable=True),
        sa.Column("late_interest", sa.BigInteger(), nullable=True),
        sa.Column("paid_at", kernel.db.Instant(timezone=True), nullable=True),
        sa.Column("bank_ref", sa.String(length=60), nullable=True),
        sa.Column("receipt", sa.LargeBinary(), nullable=True),
        sa.Column("receipt_sig", sa.String(length=88), nullable=True),
        sa.Column("ended_at", kernel.db.Instant(timezone=True), nullable=True),
        sa.Column("told", sa.String(length=6), nullable=False),
        sa.CheckConstraint("(paid_at IS NULL) = (bank_ref IS NULL)", name=op.f("ck_deposit_refund_paid_whole")),
        sa.CheckConstraint("paid_at IS NULL OR ended_at IS NOT NULL", name=op.f("ck_deposit_refund_paid_ends")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["refund_batch.id"], name=op.f("fk_deposit_refund_batch_id_refund_batch")
        ),
        sa.ForeignKeyConstraint(["deposit_id"], ["deposit.id"], name=op.f("fk_deposit_refund_deposit_id_deposit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deposit_refund")),
        sa.UniqueConstraint("bank_ref", name=op.f("uq_deposit_refund_bank_ref")),
    )
    with op.batch_alter_table("deposit_refund", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_deposit_refund_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_deposit_refund_deposit_id"), ["deposit_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_deposit_refund_due_at"), ["due_at"], unique=False)
        batch_op.create_index(
            "one_open_refund",
            ["deposit_id"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
    if not _sqlite():
        name, own, other = LEGS
        op.create_foreign_key(
            name, "ledger_entry", "ledger_transfer", own, other, initially="DEFERRED", deferrable=True
        )
    for statement in ledger_ddl.statements(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    if not _sqlite():
        op.drop_constraint(LEGS[0], "ledger_entry", type_="foreignkey")
    with op.batch_alter_table("deposit_refund", schema=None) as batch_op:
        batch_op.drop_index(
            "one_open_refund", sqlite_where=sa.text("ended_at IS NULL"), postgresql_where=sa.text("ended_at IS NULL")
        )
        batch_op.drop_index(batch_op.f("ix_deposit_refund_due_at"))
        batch_op.drop_index(batch_op.f("ix_deposit_refund_deposit_id"))
        batch_op.drop_index(batch_op.f("ix_deposit_refund_batch_id"))

    op.drop_table("deposit_refund")
    op.drop_table("deposit_guarantee")
    op.drop_table("deposit_decision")
    with op.batch_alter_table("deposit_arrival", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_deposit_arrival_deposit_id"))

    op.drop_table("deposit_arrival")
    op.drop_table("refund_batch")
    with op.batch_alter_table("ledger_transfer", schema=None) as batch_op:
        batch_op.drop_index("ledger_transfer_debit")
        batch_op.drop_index("ledger_transfer_credit")

    op.drop_table("ledger_transfer")
    with op.batch_alter_table("deposit_account", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_deposit_account_organization"))

    op.drop_table("deposit_account")
    with op.batch_alter_table("deposit", schema=None) as batch_op:
        batch_op.drop_index(
            "one_live_deposit", sqlite_where=sa.text("ended_at IS NULL"), postgresql_where=sa.text("ended_at IS NULL")
        )
        batch_op.drop_index(batch_op.f("ix_deposit_organization"))
        batch_op.drop_index(batch_op.f("ix_deposit_lot"))
        batch_op.drop_index(batch_op.f("ix_deposit_ended_at"))

    op.drop_table("deposit")
    op.drop_table("ledger_entry")
    op.drop_table("ledger_account")
    op.drop_table("deposit_check")
    for statement in ledger_ddl.undone(op.get_bind().dialect.name):
        op.execute(statement)
