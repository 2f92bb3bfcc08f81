"""Engine, session and column types; the only module that knows SQLite from PostgreSQL.

A session is the unit of work: `writing` commits once at its end or rolls all back; no session stays open
over a wait or a solve. What both databases promise: writers run one after another, each sees all that those
before it committed, and a reader sees one moment.

SQLite does so by itself if a writer begins IMMEDIATE. On PostgreSQL a writer's first statement takes an advisory
lock, for which the writers of every process queue, until its commit. READ COMMITTED is then enough, and needed:
at any higher level the snapshot would be taken before the lock is, and be stale. Locks on rows alone would not do
(plans and lots rest on rows that no single lock holds), and SERIALIZABLE would ask every caller to try again.
A reader is REPEATABLE READ. On both it can't write.
"""

import asyncio
import copy
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from enum import StrEnum

import asyncpg
from sqlalchemy import URL, Connection, DateTime, Dialect, Enum, MetaData, String, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator

from broker import sqlite_driver
from broker.errors import BrokerError

_WRITER = "llagar_writer"
_MIGRATION = "llagar_migration"
_WRITERS_LOCK = 7164001
_POSTGRESQL = "postgresql+asyncpg"
_SERVER_SETTINGS = {
    "application_name": "llagar-broker",
    # Nobody waits for ever, be it for a process that hangs or for one whose machine is gone.
    "lock_timeout": "11s",
    "idle_in_transaction_session_timeout": "60s",
}
_WRITER_IDLE = "10s"
"""A writer that says nothing for so long while all others wait for it has hung: the server ends its transaction."""
NUL, NO_NUL = "\0", "\ufffd"
_LOST_KEYS = "PRAGMA foreign_key_check"
_LOCK_TIMED_OUT = "55P03"
_END_HUNG_WRITER = """
SELECT pg_terminate_backend(activity.pid) FROM pg_locks AS lock JOIN pg_stat_activity AS activity USING (pid)
WHERE lock.locktype = 'advisory' AND lock.granted AND lock.database = activity.datid AND lock.objid = $1::oid
AND lock.classid = 0 AND lock.objsubid = 1 AND activity.wait_event = 'ClientRead'
AND activity.state_change < clock_timestamp() - $2::text::interval
"""
_HUNG_FOR = "8s"


def _values(kind: type[StrEnum]) -> list[str]:
    return [member.value for member in kind]


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in Python on either database; a naive value is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime: {value!r}")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Text(TypeDecorator[str]):
    """PostgreSQL's text has no NUL, SQLite's has: a NUL becomes U+FFFD on both, in rows and in what is looked up."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else value.replace(NUL, NO_NUL)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    # An enum is kept by its value, so that rows read as the wire does.
    type_annotation_map = {  # noqa: RUF012  (SQLAlchemy reads this very name)
        datetime: UtcDateTime,
        str: Text,
        StrEnum: Enum(StrEnum, native_enum=False, length=24, values_callable=_values),
    }


def new_id(prefix: str) -> str:
    """A random identifier of 80 bits, such as `ord_k3v9…`; the prefix names the kind of row."""
    alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
    return f"{prefix}_{''.join(secrets.choice(alphabet) for _ in range(16))}"


def _sqlite_connect(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    # The driver's own BEGIN would come too late and as DEFERRED.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=15000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    writer = options.get(_WRITER, False)
    if options.get(_MIGRATION, False):
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
    connection.exec_driver_sql(f"PRAGMA query_only={'OFF' if writer else 'ON'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writer else "BEGIN")


def _postgresql_begin(connection: Connection) -> None:
    if connection.get_execution_options().get(_WRITER, False):
        connection.exec_driver_sql(
            "SELECT set_config('idle_in_transaction_session_timeout', $1, true), pg_advisory_xact_lock($2)",
            (_WRITER_IDLE, _WRITERS_LOCK),
        )


UNREACHABLE = (OSError, SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError)
"""What may be raised while a database is away; whoever can try again later catches these."""


class DatabaseAway(BrokerError):
    title = "The database can't be reached"


Workshops = Collection[str] | None
"""Ids of the workshops that a change concerns; None: everybody."""


class Waker:
    """Tells whoever waits in this process that rows have changed.

    A hint: other processes' changes may be heard late or never, so every waiter looks by itself as well.
    """

    def __init__(self) -> None:
        self.rings = 0
        self._rung = asyncio.Event()
        self.relays: list[Callable[[Workshops], None]] = []
        """Who passes on to other processes what rang here."""
        self.listeners: list[Callable[[Workshops], None]] = []
        """Who hears of every ring, from here or elsewhere, and of which workshops it was."""

    def ring(self, workshops: Workshops = None) -> None:
        """Call it after the commit, in the loop's thread."""
        self.heard(workshops)
        for relay in self.relays:
            relay(workshops)

    def heard(self, workshops: Workshops) -> None:
        """Another process rang."""
        self.rings += 1
        for listener in self.listeners:
            listener(workshops)
        rung, self._rung = self._rung, asyncio.Event()
        rung.set()

    async def wait(self, heard: int, most_s: float) -> int:
        """Until there were more rings than `heard`, or for `most_s`; returns the rings so far."""
        if self.rings == heard:
            with suppress(TimeoutError):  # the waiter looks by itself now
                # wait_for of Python 3.11 may swallow a cancellation that comes with the ring.
                async with asyncio.timeout(most_s):
                    await self._rung.wait()
        return self.rings


def _engine(url: URL) -> AsyncEngine:
    if url.get_backend_name() != "postgresql":
        engine = create_async_engine(url, module=sqlite_driver.driver())
        event.listen(engine.sync_engine, "connect", _sqlite_connect)
        event.listen(engine.sync_engine, "begin", _sqlite_begin)
        return engine
    # The server may have been started anew since a connection was last used.
    engine = create_async_engine(
        url.set(drivername=_POSTGRESQL), pool_pre_ping=True, connect_args={"server_settings": _SERVER_SETTINGS}
    )
    event.listen(engine.sync_engine, "begin", _postgresql_begin)
    return engine


Guard = Callable[[AsyncSession], Awaitable[None]]
"""Raises where its caller may not write any more."""


class Database:
    """`url`: `sqlite+aiosqlite:///PATH` or `postgresql://USER@HOST/NAME`."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(make_url(url))
        self.waker = Waker()
        self._guards: tuple[Guard, ...] = ()
        reader, writer = self.engine, self.engine.execution_options(**{_WRITER: True})
        if self.engine.dialect.name == "postgresql":
            reader = reader.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            writer = writer.execution_options(isolation_level="READ COMMITTED")
        self._writer = writer
        self._readers = async_sessionmaker(reader, expire_on_commit=False)
        self._writers = async_sessionmaker(writer, expire_on_commit=False)
        # This process's writers queue here, first come first served, and not with a connection each.
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        async with self._readers() as session:
            yield session

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """Not within another `writing` of the same task: it would wait for itself."""
        async with self._turn:
            try:
                async with self._writers() as session, session.begin():
                    for guard in self._guards:
                        await guard(session)
                    yield session
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) == _LOCK_TIMED_OUT:
                    await self.end_hung_writer()
                raise

    async def end_hung_writer(self) -> None:
        """Have the server end whoever has the writers' lock on PostgreSQL, and keeps it waiting for a word.

        By itself the server ends only clients that fall silent between two commands, and not within one.
        """
        if self.is_shared:
            async with self.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
                await connection.exec_driver_sql(_END_HUNG_WRITER, (_WRITERS_LOCK, _HUNG_FOR))

    def guarded(self, guard: Guard) -> "Database":
        """The same database; whatever is written by way of this one, `guard` is asked first, in its transaction."""
        same = copy.copy(self)
        same._guards = (*self._guards, guard)
        return same

    @property
    def is_shared(self) -> bool:
        """Several broker processes may serve it."""
        return self.engine.dialect.name == "postgresql"

    @asynccontextmanager
    async def migrating(self) -> AsyncIterator[AsyncConnection]:
        """A connection in one writing transaction; no writer and no other migration runs beside it.

        A table that SQLite can't change is made anew, and then others refer for a moment to nothing: its foreign keys
        are looked at once, at the end. Raises IntegrityError.
        """
        async with self._turn:
            async with self._writer.execution_options(**{_MIGRATION: True}).begin() as connection:
                yield connection
                if not self.is_shared and (lost := (await connection.exec_driver_sql(_LOST_KEYS)).all()):
                    raise IntegrityError(f"{len(lost)} rows refer to nothing, the first: {lost[0]}", None, ValueError())
            if not self.is_shared:
                await self.engine.dispose()  # its connections heed no foreign keys

    async def require_reachable(self) -> None:
        """Raises DatabaseAway."""
        try:
            async with self.engine.connect():
                return
        except (OSError, SQLAlchemyError, asyncpg.PostgresError) as error:
            raise DatabaseAway(
                str(error.orig if isinstance(error, DBAPIError) else error),
                where=self.engine.url.render_as_string(hide_password=True),
                fix="see that the database is there and may be used, or correct LLAGAR_DATABASE_URL (database_url)",
            ) from error

    async def close(self) -> None:
        await self.engine.dispose()
