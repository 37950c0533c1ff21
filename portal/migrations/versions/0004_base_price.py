"""The owner's sealed base price, and the trustees' lines that open it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import kernel.db

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "base_price",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lot_id", sa.Integer(), nullable=False),
        sa.Column("keyset_sha256", sa.String(length=64), nullable=False),
        sa.Column("file", sa.LargeBinary(), nullable=False),
        sa.Column("sig", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("sealed_at", kernel.db.Instant(timezone=True), nullable=False),
        sa.Column("log_fact", sa.Integer(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("plain", sa.LargeBinary(), nullable=True),
        sa.Column("finding", kernel.db.JSONText(), nullable=True),
        sa.Column("said_fact", sa.Integer(), nullable=True),
        sa.Column("read_out_at", kernel.db.Instant(timezone=True), nullable=True),
        sa.CheckConstraint("(amount_fen IS NULL) = (plain IS NULL)", name=op.f("ck_base_price_opened_whole")),
        sa.CheckConstraint("amount_fen IS NULL OR finding IS NULL", name=op.f("ck_base_price_opened_or_not")),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_base_price_lot_id_lot")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_base_price")),
        sa.UniqueConstraint("log_fact", name=op.f("uq_base_price_log_fact")),
        sa.UniqueConstraint("lot_id", "keyset_sha256", name=op.f("uq_base_price_lot_id")),
        sa.UniqueConstraint("said_fact", name=op.f("uq_base_price_said_fact")),
        sa.UniqueConstraint("sha256", name=op.f("uq_base_price_sha256")),
    )
    with op.batch_alter_table("base_price", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_base_price_lot_id"), ["lot_id"], unique=False)
    op.create_table(
        "base_price_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("base_price_id", sa.Integer(), nullable=False),
        sa.Column("node", sa.String(length=80), nullable=False),
        sa.Column("i", sa.Integer(), nullable=False),
        sa.Column("line", sa.String(length=200), nullable=True),
        sa.Column("taken_at", kernel.db.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["base_price_id"], ["base_price.id"], name=op.f("fk_base_price_line_base_price_id_base_price")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_base_price_line")),
        sa.UniqueConstraint("base_price_id", "node", name=op.f("uq_base_price_line_base_price_id")),
    )
    with op.batch_alter_table("base_price_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_base_price_line_base_price_id"), ["base_price_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("base_price_line", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_base_price_line_base_price_id"))

    op.drop_table("base_price_line")
    with op.batch_alter_table("base_price", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_base_price_lot_id"))

    op.drop_table("base_price")
