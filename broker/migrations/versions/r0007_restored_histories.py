"""A restore from a backup begins a broker epoch: whose agents are behind, and which runs it found live."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "broker_epochs",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("backup_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_broker_epochs")),
    )
    op.add_column("agents", sa.Column("behind", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("agents", sa.Column("behind_until", sa.Integer(), nullable=True))
    op.add_column("runs", sa.Column("restored", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("lots", sa.Column("surplus", sa.Integer(), nullable=False, server_default=sa.text("0")))
