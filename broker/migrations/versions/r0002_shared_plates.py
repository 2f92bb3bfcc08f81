"""Lines may want their plates for themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_TABLES = ("quote_items", "lines")


def upgrade() -> None:
    for table in _TABLES:
        op.add_column(table, sa.Column("share", sa.Boolean(), nullable=False, server_default=sa.true()))
