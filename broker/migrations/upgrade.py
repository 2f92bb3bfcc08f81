"""Bring a database to this program's tables, or say that somebody has to."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from broker.database import Database
from broker.errors import BrokerError


class WrongRevision(BrokerError):
    title = "The database is of another version"


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _upgrade(connection: Connection) -> None:
    command.upgrade(_config(connection), "head")


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def head() -> str:
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    if newest is None:
        raise WrongRevision("this installation has no revisions", fix="install it again")
    return newest


async def upgrade(database: Database) -> None:
    """All revisions that are missing, in one transaction.

    Raises WrongRevision for a newer program's database, DatabaseAway.
    """
    await database.require_reachable()
    async with database.migrating() as connection:
        current = await connection.run_sync(_revision)
        if current is not None:
            require_known(current)
        if current != head():
            await connection.run_sync(_upgrade)


async def current_revision(database: Database) -> str:
    """Raises WrongRevision for a database without tables, DatabaseAway."""
    await database.require_reachable()
    async with database.engine.connect() as connection:
        current = await connection.run_sync(_revision)
    if current is None:
        raise WrongRevision("the database has no tables", fix="run `llagar-broker migrate`")
    return current


def require_known(revision: str) -> None:
    """Raises WrongRevision for a newer program's."""
    if revision not in {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}:
        raise WrongRevision(f"revision {revision} is newer than this program", fix="install the newer program")


async def require_head(database: Database) -> None:
    """Raises WrongRevision unless the tables are this program's, DatabaseAway."""
    await database.require_reachable()
    async with database.engine.connect() as connection:
        current = await connection.run_sync(_revision)
    if current != head():
        raise WrongRevision(
            f"the database has revision {current}, this program needs {head()}", fix="run `llagar-broker migrate`"
        )
