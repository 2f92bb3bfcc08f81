"""A quote offers lead times, each at its price; those from before offered the standard one."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_TABLES = ("quotes", "quote_lines", "orders")
_MOVED = ("total", "due_at")


def upgrade() -> None:
    op.create_table(
        "quote_tiers",
        sa.Column("quote_id", sa.String(), nullable=False),
        sa.Column("tier", sa.String(24), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("arrival_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["quote_id"], ["quotes.id"], name=op.f("fk_quote_tiers_quote_id_quotes")),
        sa.PrimaryKeyConstraint("quote_id", "tier", name=op.f("pk_quote_tiers")),
    )
    op.execute(
        "INSERT INTO quote_tiers (quote_id, tier, total, due_at) SELECT id, 'standard', total, due_at FROM quotes"
    )
    for column in _MOVED:
        op.drop_column("quotes", column)
    for table in _TABLES:
        op.add_column(table, sa.Column("tier", sa.String(24), nullable=False, server_default="standard"))
