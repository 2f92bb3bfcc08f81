"""Pieces that were skipped, counts that were put right, good pieces that nobody ordered, first layers that failed."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("runs", sa.Column("first_layer", sa.Boolean(), nullable=False, server_default=sa.false()))
    _skips()
    _corrections()


def _skips() -> None:
    op.create_table(
        "skips",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("object", sa.String(), nullable=False),
        sa.Column("lot_id", sa.String(), nullable=False),
        sa.Column("reason", sa.String(24), nullable=False),
        sa.Column("operator", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_skips_lot_id_lots")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_skips_run_id_runs")),
        sa.PrimaryKeyConstraint("run_id", "object", name=op.f("pk_skips")),
    )
    op.create_index(op.f("ix_skips_lot_id"), "skips", ["lot_id"], unique=False)


def _corrections() -> None:
    numbers = [
        sa.Column(name, sa.Integer(), nullable=False)
        for name in ("good_before", "good_after", "scrap_before", "scrap_after")
    ]
    op.create_table(
        "corrections",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("lot_id", sa.String(), nullable=False),
        sa.Column("operator", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *numbers,
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_corrections_lot_id_lots")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_corrections_run_id_runs")),
        sa.PrimaryKeyConstraint("run_id", "version", "lot_id", name=op.f("pk_corrections")),
    )
    op.create_index(op.f("ix_corrections_lot_id"), "corrections", ["lot_id"], unique=False)
