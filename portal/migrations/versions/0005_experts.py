"""The draw of experts: lists, who stands on them, and members named without a draw."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import kernel.db

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _draws()
    op.create_table(
        "expert_appointment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lot", sa.String(length=23), nullable=False),
        sa.Column("ground", sa.String(length=12), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("document", sa.String(length=200), nullable=False),
        sa.Column("consent", sa.String(length=200), nullable=False),
        sa.Column("at", kernel.db.Instant(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expert_appointment")),
    )
    with op.batch_alter_table("expert_appointment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_expert_appointment_lot"), ["lot"], unique=False)


def _draws() -> None:
    op.create_table(
        "expert_draw",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lot", sa.String(length=23), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("fields", kernel.db.JSONText(), nullable=False),
        sa.Column("representatives", kernel.db.JSONText(), nullable=False),
        sa.Column("fixed_at", kernel.db.Instant(timezone=True), nullable=False),
        sa.Column("fact_id", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("seed", sa.String(length=64), nullable=True),
        sa.CheckConstraint("(seed IS NULL) = (size IS NULL)", name=op.f("ck_expert_draw_drawn_whole")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expert_draw")),
        sa.UniqueConstraint("lot", "number", name=op.f("uq_expert_draw_lot")),
    )
    op.create_table(
        "listed_expert",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("draw_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("organization", sa.String(length=18), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("passed", sa.String(length=10), nullable=True),
        sa.Column("passed_text", sa.Text(), nullable=True),
        sa.Column("passed_at", kernel.db.Instant(timezone=True), nullable=True),
        sa.CheckConstraint("(passed IS NULL) = (passed_at IS NULL)", name=op.f("ck_listed_expert_passed_whole")),
        sa.ForeignKeyConstraint(["draw_id"], ["expert_draw.id"], name=op.f("fk_listed_expert_draw_id_expert_draw")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_listed_expert_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listed_expert")),
        sa.UniqueConstraint("draw_id", "person_id", name=op.f("uq_listed_expert_draw_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_listed_expert_reference")),
    )
    with op.batch_alter_table("listed_expert", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_listed_expert_draw_id"), ["draw_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("listed_expert", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_listed_expert_draw_id"))

    op.drop_table("listed_expert")
    op.drop_table("expert_draw")
    with op.batch_alter_table("expert_appointment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_expert_appointment_lot"))

    op.drop_table("expert_appointment")
