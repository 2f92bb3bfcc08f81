"""Alembic's entry: runs the revisions on the connection that `broker.migrations.upgrade` hands in."""

from alembic import context
from sqlalchemy import Connection

from broker.migrations.tables import metadata


def _run(connection: Connection) -> None:
    # The caller's transaction holds all revisions: a killed upgrade leaves nothing.
    context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
    context.run_migrations()


_run(context.config.attributes["connection"])
