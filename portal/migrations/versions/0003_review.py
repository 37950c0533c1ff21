"""The committee's review: what it asks of bidders, and its argument about competition, its report and its time."""

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
    op.create_table(
        "qualification_review",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lot", sa.String(length=23), nullable=False),
        sa.Column("file", sa.LargeBinary(), nullable=False),
        sa.Column("sig", sa.String(length=88), nullable=False),
        sa.Column("given_at", kernel.db.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_qualification_review")),
        sa.UniqueConstraint("lot", name=op.f("uq_qualification_review_lot")),
    )
    op.create_table(
        "price_correction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lot", sa.String(length=23), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("bid_id", sa.String(length=32), nullable=False),
        sa.Column("reading", kernel.db.JSONText(), nullable=False),
        sa.Column("confirmed", sa.Boolean(), nullable=True),
        sa.Column("file", sa.LargeBinary(), nullable=True),
        sa.Column("sig", sa.String(length=88), nullable=True),
        sa.CheckConstraint("(confirmed IS NULL) = (file IS NULL)", name=op.f("ck_price_correction_answered_whole")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_correction")),
        sa.UniqueConstraint("lot", "number", name=op.f("uq_price_correction_lot")),
    )

    _report()
    _time()


def _report() -> None:
    op.create_table(
        "evaluation_report",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lot", sa.String(length=23), nullable=False),
        sa.Column("file", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("result", sa.LargeBinary(), nullable=False),
        sa.Column("proposed_at", kernel.db.Instant(timezone=True), nullable=False),
        sa.Column("completed_at", kernel.db.Instant(timezone=True), nullable=True),
        sa.Column("withdrawn_at", kernel.db.Instant(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_report")),
    )
    _live_once("evaluation_report", "one_standing_report", ["lot"], "withdrawn_at IS NULL")
    op.create_table(
        "report_signature",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("alias", sa.String(length=8), nullable=False),
        sa.Column("file", sa.LargeBinary(), nullable=True),
        sa.Column("sig", sa.String(length=88), nullable=True),
        sa.Column("dissent", sa.Text(), nullable=True),
        sa.Column("silent_at", kernel.db.Instant(timezone=True), nullable=True),
        sa.Column("at", kernel.db.Instant(timezone=True), nullable=False),
        sa.CheckConstraint("(file IS NULL) = (sig IS NULL)", name=op.f("ck_report_signature_signed_whole")),
        sa.CheckConstraint(
            "(file IS NULL) = (silent_at IS NOT NULL)", name=op.f("ck_report_signature_signed_or_silent")
        ),
        sa.CheckConstraint("dissent IS NULL OR file IS NOT NULL", name=op.f("ck_report_signature_dissent_is_signed")),
        sa.ForeignKeyConstraint(
            ["report_id"], ["evaluation_report.id"], name=op.f("fk_report_signature_report_id_evaluation_report")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_signature")),
        sa.UniqueConstraint("report_id", "alias", name=op.f("uq_report_signature_report_id")),
    )
    with op.batch_alter_table("report_signature", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_report_signature_report_id"), ["report_id"], unique=False)


def _time() -> None:
    op.create_table(
        "evaluation_time",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lot", sa.String(length=23), nullable=False),
        sa.Column("ends_at", kernel.db.Instant(timezone=True), nullable=False),
        sa.Column("asked_at", kernel.db.Instant(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluation_time")),
        sa.UniqueConstraint("lot", name=op.f("uq_evaluation_time_lot")),
    )
    op.create_table(
        "short_of_time",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lot", sa.String(length=23), nullable=False),
        sa.Column("alias", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", kernel.db.Instant(timezone=True), nullable=False),
        sa.Column("answered_at", kernel.db.Instant(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_short_of_time")),
    )
    _live_once("short_of_time", "one_open_word", ["lot", "alias"], "answered_at IS NULL")


def _live_once(table: str, name: str, columns: list[str], living: str) -> None:
    """At most one row that is still in force."""
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.create_index(
            name, columns, unique=True, sqlite_where=sa.text(living), postgresql_where=sa.text(living)
        )


def downgrade() -> None:
    op.drop_table("short_of_time")
    op.drop_table("evaluation_time")
    op.drop_table("report_signature")
    op.drop_table("evaluation_report")
    op.drop_table("price_correction")
    op.drop_table("qualification_review")
    with op.batch_alter_table("capacity_review", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_capacity_review_lot"))

    op.drop_table("capacity_review")
    with op.batch_alter_table("competition_argument", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_competition_argument_lot"))

    op.drop_table("competition_argument")
    op.drop_table("clarification")
