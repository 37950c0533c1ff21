"""Recordings of opening and evaluation by hash; what was agreed with a single source."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import kernel.db

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recorded_segment",
        *_place(),
        sa.Column("began_at", kernel.db.Instant(timezone=True), nullable=False),
        sa.Column("ended_at", kernel.db.Instant(timezone=True), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("reported_at", kernel.db.Instant(timezone=True), nullable=False),
        sa.CheckConstraint("began_at < ended_at", name=op.f("ck_recorded_segment_in_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recorded_segment")),
        sa.UniqueConstraint("lot", "phase", "room", "camera", "began_at", name=op.f("uq_recorded_segment_lot")),
    )
    op.create_table(
        "recorder_seen",
        *_place(),
        sa.Column("seen_at", kernel.db.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recorder_seen")),
        sa.UniqueConstraint("lot", "phase", "room", "camera", name=op.f("uq_recorder_seen_lot")),
    )
    op.create_table(
        "recording_missing",
        *_place()[:-1],
        sa.Column("began_at", kernel.db.Instant(timezone=True), nullable=False),
        sa.Column("ended_at", kernel.db.Instant(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("stated_at", kernel.db.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording_missing")),
        sa.UniqueConstraint("lot", "phase", "room", "began_at", "ended_at", name=op.f("uq_recording_missing_lot")),
    )
    op.create_table(
        "recording_course",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lot", sa.String(length=23), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=True),
        sa.Column("due_at", kernel.db.Instant(timezone=True), nullable=True),
        sa.Column("contents", sa.LargeBinary(), nullable=True),
        sa.Column("listed_at", kernel.db.Instant(timezone=True), nullable=True),
        sa.CheckConstraint("(contents IS NULL) = (listed_at IS NULL)", name=op.f("ck_recording_course_listed_whole")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording_course")),
        sa.UniqueConstraint("lot", name=op.f("uq_recording_course_lot")),
    )
    op.create_table(
        "source_agreement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lot_id", sa.Integer(), nullable=False),
        sa.Column("bid_id", sa.String(length=32), nullable=False),
        sa.Column("price", sa.String(length=20), nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.Column("file", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", kernel.db.Instant(timezone=True), nullable=False),
        sa.Column("supplier_sig", sa.String(length=88), nullable=True),
        sa.Column("supplier_cert", sa.LargeBinary(), nullable=True),
        sa.Column("supplier_at", kernel.db.Instant(timezone=True), nullable=True),
        sa.Column("owner_sig", sa.String(length=88), nullable=True),
        sa.Column("owner_at", kernel.db.Instant(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(supplier_sig IS NULL) = (supplier_at IS NULL)", name=op.f("ck_source_agreement_supplier_signed_whole")
        ),
        sa.CheckConstraint(
            "(owner_sig IS NULL) = (owner_at IS NULL)", name=op.f("ck_source_agreement_owner_signed_whole")
        ),
        sa.CheckConstraint(
            "owner_sig IS NULL OR supplier_sig IS NOT NULL", name=op.f("ck_source_agreement_supplier_signs_first")
        ),
        sa.ForeignKeyConstraint(
            ["lot_id"], ["lot.id"], name=op.f("fk_source_agreement_lot_id_lot"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_agreement")),
        sa.UniqueConstraint("lot_id", name=op.f("uq_source_agreement_lot_id")),
    )


def _place() -> list[sa.Column]:
    return [
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lot", sa.String(length=23), nullable=False),
        sa.Column("phase", sa.String(length=12), nullable=False),
        sa.Column("room", sa.String(length=60), nullable=False),
        sa.Column("camera", sa.String(length=60), nullable=False),
    ]


def downgrade() -> None:
    op.drop_table("source_agreement")
    op.drop_table("recording_course")
    op.drop_table("recording_missing")
    op.drop_table("recorder_seen")
    op.drop_table("recorded_segment")
