"""A shop whose lot has gone may make more of the same line: in another lot."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_HERE = sa.text("state <> 'delivered'")


def upgrade() -> None:
    with op.batch_alter_table("lots") as lots:
        lots.drop_constraint(op.f("uq_lots_line_id"), type_="unique")
    op.create_index(
        "uq_lots_here", "lots", ["line_id", "workshop_id"], unique=True, sqlite_where=_HERE, postgresql_where=_HERE
    )
