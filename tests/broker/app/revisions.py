"""Databases as earlier programs left them."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

import broker.migrations


def to_revision(connection: Connection, revision: str) -> None:
    """All tables as they were then."""
    config = Config()
    config.set_main_option("script_location", str(Path(broker.migrations.__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
