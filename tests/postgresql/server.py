"""A PostgreSQL server of a test session's own: in a temporary folder, behind a Unix socket that only its user opens."""

import asyncio
import os
import pwd
import shutil
import subprocess
import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

import asyncpg

from broker.database import Database, new_id
from broker.migrations.upgrade import upgrade

_ROLE = "llagar"
_PORT = 5432
_TEMPLATE = "migrated"
_READY = "database system is ready to accept connections"
_LINES_KEPT = 200
_SETTINGS = {
    "listen_addresses": "",
    "port": str(_PORT),
    "max_connections": "100",
    "shared_buffers": "32MB",
    "timezone": "Asia/Kathmandu",
}
"""The odd zone finds times that hang on it."""
_FORGETFUL = {"fsync": "off", "full_page_writes": "off"}
"""Nothing here outlives its test, so nothing need reach the disk, unless a benchmark says what that costs."""


def programs() -> Path | None:
    """The folder of initdb and postgres, the newest where there are several; None if they are missing."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("initdb")
    found = debian[-1] if debian else Path(on_path).resolve() if on_path else None
    return found.parent if found is not None and found.with_name("postgres").exists() else None


class Server:
    """`url` of a database there; `make` and `drop` them. Its methods run loops of their own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def url(self, name: str) -> str:
        return f"postgresql://{_ROLE}@/{name}?host={self._folder}&port={_PORT}"

    def make(self, *, migrated: bool = True) -> str:
        """The name of a fresh database, with all tables or with none."""
        name = new_id("test")
        template = _TEMPLATE if migrated else "template1"
        asyncio.run(self._execute(f"CREATE DATABASE {name} TEMPLATE {template} OWNER {_ROLE}"))
        return name

    def drop(self, name: str) -> None:
        asyncio.run(self._execute(f"DROP DATABASE {name} WITH (FORCE)"))

    def prepare(self) -> None:
        """Make what `make` copies."""
        asyncio.run(self._prepare())

    async def _prepare(self) -> None:
        await self._execute(f"CREATE ROLE {_ROLE} LOGIN", f"CREATE DATABASE {_TEMPLATE} OWNER {_ROLE}")
        database = Database(self.url(_TEMPLATE))
        await upgrade(database)
        await database.close()

    async def _execute(self, *statements: str) -> None:
        connection = await asyncpg.connect(host=str(self._folder), port=_PORT, user="postgres", database="postgres")
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()


def _unprivileged() -> tuple[str, list[str]]:
    """User who runs the server, and the words that make a command theirs: the server refuses to be root's."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid()).pw_name, []
    user = "nobody"
    with suppress(KeyError):  # no such user here
        user = pwd.getpwnam("postgres").pw_name
    return user, ["--reuid", user, "--regid", str(pwd.getpwnam(user).pw_gid), "--clear-groups"]


def _initialise(bin_folder: Path, folder: Path, become: list[str]) -> None:
    # A collation that is not the code points' order finds code that hangs on the order of text.
    locale = ["--locale-provider=icu", "--icu-locale=es-ES", "--locale=C.UTF-8", "--encoding=UTF8"]
    initdb = [str(bin_folder / "initdb"), "-D", str(folder / "data"), "-U", "postgres", "--auth=trust", "--no-sync"]
    command = ["setpriv", *become, *initdb, *locale] if become else [*initdb, *locale]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@contextmanager
def _running(bin_folder: Path, folder: Path, become: list[str], settings: dict[str, str]) -> Iterator[None]:
    """It ends with the block, and with this process however that ends."""
    words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    postgres = [str(bin_folder / "postgres"), "-D", str(folder / "data"), "-k", str(folder), *words]
    command = ["setpriv", *become, "--pdeathsig", "INT", *postgres]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stderr is not None
        said = deque[str](maxlen=_LINES_KEPT)
        for line in process.stderr:
            said.append(line)
            if _READY in line:
                break
        else:
            raise RuntimeError(f"the server did not start: {''.join(said)}")
        listener = Thread(target=said.extend, args=(process.stderr,))
        listener.start()
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
            finally:
                listener.join()


@contextmanager
def server(*, durable: bool = False) -> Iterator[Server]:
    """One that is ready, with a migrated template. `durable`: what it commits would outlive a power cut."""
    bin_folder = programs()
    assert bin_folder is not None, "PostgreSQL's server is missing: run make postgresql"
    # pytest's own folders may have paths too long for a socket, and other users may not enter them.
    with tempfile.TemporaryDirectory(prefix="llagar-postgresql-", dir="/tmp") as name:
        folder = Path(name)
        user, become = _unprivileged()
        shutil.chown(folder, user)
        _initialise(bin_folder, folder, become)
        with _running(bin_folder, folder, become, _SETTINGS if durable else _SETTINGS | _FORGETFUL):
            made = Server(folder)
            made.prepare()
            yield made
