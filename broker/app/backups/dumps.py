"""pg_dump and pg_restore: one snapshot out, one transaction in."""

import os
import shutil
import subprocess
from pathlib import Path

import asyncpg
from sqlalchemy import make_url

from broker.app.backups.errors import BackupFailed, RestoreRefused
from broker.errors import BrokerError

MARK = "llagar_restoring"
"""A table that is there while a restore is unfinished; no broker serves such a database."""
ASIDE = "replaced_"
"""What a restore has put aside is called so, and is in no backup."""
_LIBPQ = "postgresql"


def dump(url: str, target: Path) -> None:
    """Everything as of one moment. Raises BackupFailed."""
    words = ("--format=custom", "--no-owner", "--no-privileges", f"--exclude-schema={ASIDE}*", f"--file={target}")
    _run(BackupFailed, "pg_dump", url, *words)


def load(url: str, source: Path) -> None:
    """All of it or nothing. Raises RestoreRefused."""
    words = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", str(source))
    _run(RestoreRefused, "pg_restore", url, *words)


def require_programs(error: type[BrokerError], *names: str) -> None:
    for name in names:
        if shutil.which(name) is None:
            raise error(
                f"{name} is not installed here",
                where="PATH",
                fix="install PostgreSQL's client programs, of the server's version or newer",
            )


def _run(error: type[BrokerError], program: str, url: str, *words: str) -> None:
    require_programs(error, program)
    parsed = make_url(url).set(drivername=_LIBPQ)
    # A password among a command's words could be read by every user of the machine.
    env = os.environ | ({"PGPASSWORD": str(parsed.password)} if parsed.password else {})
    bare = parsed.set(password=None).render_as_string()
    done = subprocess.run([program, f"--dbname={bare}", *words], env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[0]
        raise error(f"{program}: {last}", where=bare, fix="see that the server is there and may be used")


async def connect(url: str) -> asyncpg.Connection:
    """Not as a broker, and not through one's pool."""
    dsn = make_url(url).set(drivername=_LIBPQ).render_as_string(hide_password=False)
    try:
        return await asyncpg.connect(dsn, server_settings={"application_name": "llagar-broker restore"})
    except (OSError, asyncpg.PostgresError) as error:
        raise RestoreRefused(
            f"the database can't be reached: {error}",
            where=make_url(url).render_as_string(),
            fix="see that the server is there, and that the database exists: createdb makes an empty one",
        ) from error


async def make_room(url: str, aside: str, *, replace: bool) -> None:
    """An empty schema that is marked as being restored; what was there goes to the schema `aside`.

    Raises RestoreRefused where there is something and it isn't to be replaced, or where brokers serve it.
    """
    connection = await connect(url)
    try:
        served = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1"
        if await connection.fetchval(served, "llagar-broker"):
            raise RestoreRefused(
                "broker processes are connected to this database", where="database_url", fix="end all of them first"
            )
        tables = await connection.fetchval(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tablename <> $1", MARK
        )
        if tables and not replace:
            raise RestoreRefused(
                "the database is not empty",
                where="database_url",
                fix=f"name an empty one, or say --replace: then what is there is kept in the schema {aside}",
            )
        async with connection.transaction():
            if tables:
                await connection.execute(f'ALTER SCHEMA public RENAME TO "{aside}"')
                await connection.execute("CREATE SCHEMA public")
            await connection.execute(f"CREATE TABLE IF NOT EXISTS public.{MARK} ()")
    finally:
        await connection.close()


async def finish(url: str) -> None:
    """From here on brokers may serve it."""
    connection = await connect(url)
    try:
        await connection.execute(f"DROP TABLE IF EXISTS public.{MARK}")
    finally:
        await connection.close()
