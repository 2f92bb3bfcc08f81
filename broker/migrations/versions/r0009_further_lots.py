"""A shop whose lot has gone may make more of the same line: in another lot."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_HERE = sa.text("state <> 'delivered'")


def upgrade() -> None:
    # SQLite makes the table anew, and rows of others refer to it meanwhile.
    if op.get_bind().dialect.name == "sqlite":
        op.execute("PRAGMA defer_foreign_keys = ON")
    with op.batch_alter_table("lots") as lots:
        lots.drop_constraint(op.f("uq_lots_line_id"), type_="unique")
    op.create_index(
        "uq_lots_here", "lots", ["line_id", "workshop_id"], unique=True, sqlite_where=_HERE, postgresql_where=_HERE
    )
