"""An agent may have a second key, and is told from its earlier connections."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0003"


def upgrade() -> None:
    for column in ("next_public_key", "former_public_key", "connection_id"):
        op.add_column("agents", sa.Column(column, sa.String(), nullable=True))
    op.add_column("agents", sa.Column("rotated_at", sa.DateTime(timezone=True), nullable=True))
