"""The committee's review: what it asks of bidders, and its argument about competition."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import kernel.db

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "clarification",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lot", sa.String(length=23), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("bid_id", sa.String(length=32), nullable=False),
        sa.Column("about", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("within_s", sa.Integer(), nullable=False),
        sa.Column("supporters", kernel.db.JSONText(), nullable=False),
        sa.Column("proposed_at", kernel.db.Instant(timezone=True), nullable=False),
        sa.Column("sent_at", kernel.db.Instant(timezone=True), nullable=True),
        sa.Column("due_at", kernel.db.Instant(timezone=True), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", kernel.db.Instant(timezone=True), nullable=True),
        sa.Column("lapsed_at", kernel.db.Instant(timezone=True), nullable=True),
        sa.CheckConstraint("(sent_at IS NULL) = (due_at IS NULL)", name=op.f("ck_clarification_sent_whole")),
        sa.CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name=op.f("ck_clarification_answered_whole")),
        sa.CheckConstraint("answered_at IS NULL OR lapsed_at IS NULL", name=op.f("ck_clarification_answered_or_over")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clarification")),
        sa.UniqueConstraint("lot", "number", name=op.f("uq_clarification_lot")),
    )
    op.create_table(
        "competition_argument",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lot", sa.String(length=23), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("reject_all", sa.Boolean(), nullable=False),
        sa.Column("supporters", kernel.db.JSONText(), nullable=False),
        sa.Column("proposed_at", kernel.db.Instant(timezone=True), nullable=False),
        sa.Column("carried_at", kernel.db.Instant(timezone=True), nullable=True),
        sa.Column("withdrawn_at", kernel.db.Instant(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_competition_argument")),
    )
    with op.batch_alter_table("competition_argument", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_competition_argument_lot"), ["lot"], unique=False)
    op.create_table(
        "capacity_review",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lot", sa.String(length=23), nullable=False),
        sa.Column("bid_id", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("votes", kernel.db.JSONText(), nullable=False),
        sa.Column("asked_at", kernel.db.Instant(timezone=True), nullable=False),
        sa.Column("decided_at", kernel.db.Instant(timezone=True), nullable=True),
        sa.Column("capable", sa.Boolean(), nullable=True),
        sa.CheckConstraint("(capable IS NULL) = (decided_at IS NULL)", name=op.f("ck_capacity_review_decided_whole")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_capacity_review")),
    )
    with op.batch_alter_table("capacity_review", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_capacity_review_lot"), ["lot"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("capacity_review", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_capacity_review_lot"))

    op.drop_table("capacity_review")
    with op.batch_alter_table("competition_argument", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_competition_argument_lot"))

    op.drop_table("competition_argument")
    op.drop_table("clarification")
