"""An agent may have a second key; what was taken back lately is found without looking at every step."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    for column in ("next_public_key", "former_public_key"):
        op.add_column("agents", sa.Column(column, sa.String(), nullable=True))
    op.add_column("agents", sa.Column("rotated_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_run_steps_at"), "run_steps", ["at"])
