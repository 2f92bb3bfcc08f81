"""A run knows whose word made its state and which journal got its permit; setup records that were used are rows."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_SILENT_STEPS = """
UPDATE runs SET silent_steps = (
    SELECT count(*) FROM run_steps
    WHERE run_steps.run_id = runs.id AND run_steps.state = 'unknown' AND run_steps.actor = 'broker')
"""
_MOVED_BY = """
UPDATE runs SET moved_by = coalesce((
    SELECT run_steps.actor FROM run_steps
    WHERE run_steps.run_id = runs.id AND run_steps.version = runs.version), 'planner')
"""
# A journal whose first event came before the permit reaches back beyond it.
_PERMIT_EPOCH = """
UPDATE runs SET permit_epoch = (
    SELECT min(agents.epoch) FROM agents
    JOIN inbox ON inbox.agent_id = agents.id AND inbox.epoch = agents.epoch AND inbox.seq = 1
    WHERE agents.workshop_id = runs.workshop_id AND agents.revoked_at IS NULL AND inbox.received_at <= (
        SELECT max(run_steps.at) FROM run_steps WHERE run_steps.run_id = runs.id AND run_steps.state = 'permitted'))
"""
_USED_RECORDS = """
INSERT INTO used_records (id, run_id, at)
    SELECT substr(note, length('setup record ') + 1), min(run_id), min(at) FROM run_steps
    WHERE state = 'armed' AND note LIKE 'setup record %' GROUP BY note
"""
# People are called again about what has waited for them since before.
_CALLED = """
UPDATE runs SET exit_at = (SELECT max(run_steps.at) FROM run_steps WHERE run_steps.run_id = runs.id)
    WHERE state IN ('unknown', 'stopped', 'faulted', 'finished')
"""


def upgrade() -> None:
    op.add_column("runs", sa.Column("moved_by", sa.String(24), nullable=False, server_default="planner"))
    op.add_column("runs", sa.Column("silent_steps", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("runs", sa.Column("permit_epoch", sa.String(), nullable=True))
    op.create_table(
        "used_records",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_used_records_run_id_runs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_used_records")),
    )
    op.create_index(op.f("ix_used_records_run_id"), "used_records", ["run_id"])
    for filled in (_SILENT_STEPS, _MOVED_BY, _PERMIT_EPOCH, _USED_RECORDS, _CALLED):
        op.execute(filled)
