"""Within a process of a faulty world: wraps the places of `points`, and dies at the point that was asked for.

A process is asked by a file `arm/ROLE`: a line with the word of this asking and a signal's name, then lines
`POINT NTH`. At the first of these passes, counted from when the file was seen, the file becomes `hit/WORD` with the
point in its last line, and the process gets the signal: SIGKILL, after which nothing of it is tidied up, or SIGSTOP.
"""

import importlib.abc
import importlib.machinery
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from types import CodeType, FrameType, ModuleType, TracebackType
from typing import Any, Literal

from tests.faults.hurry import HURRIED
from tests.faults.points import PLACES, Place, Role
from tests.faults.standing_by import VARIABLE as STANDS_BY
from tests.faults.standing_by import stand_by

VARIABLE = "LLAGAR_FAILPOINTS"
_COROUTINE = 0x80
"""CO_COROUTINE; `inspect` would be a large import."""


def role_of(argv: Sequence[str]) -> str | None:
    """Who a process with this command line is; None where nothing is to fail."""
    words = [Path(word).name for word in argv]
    if "llagar-broker" in words and "serve" in words:
        return Role.BROKER
    if "llagar-agent" in words and "run" in words:
        return f"{Role.AGENT}-{Path(argv[words.index('--config') + 1]).parent.name}"
    if "llagar-agent" in words and "rotate-key" in words:
        return Role.KEYS
    if "shop_agent" in words and "stream" in words:
        return f"{Role.STREAMER}-{words[words.index('--machine') + 1]}"
    return Role.MAKER if "shop_agent.staging.maker" in words else None


class Failpoints:
    def __init__(self, folder: Path, role: str) -> None:
        self.places = [place for place in PLACES if place.role == role.partition("-")[0]]
        self._arm = str(folder / "arm" / role)
        self._hits = folder / "hit"
        self._asked = self._word = self._signal = ""
        self._left: dict[str, int] = {}
        """Point → so many passes to go."""
        self._since: set[str] = set()
        """Places that were passed since those were that wait for them."""

    def passed(self, place: Place, which: Literal["before", "after"]) -> None:
        """Called at each pass; doesn't return if this is the one to die at."""
        try:
            with open(self._arm, encoding="ascii") as file:  # noqa: PTH123  (at every commit: the quickest way)
                asked = file.read()
        except FileNotFoundError:
            return
        if asked != self._asked:
            self._asked = asked
            first, *lines = asked.split("\n")
            self._word, self._signal = first.split()
            self._left = {point: int(nth) for point, nth in (line.split() for line in lines if line)}
        point = f"{place.name}.{which}"
        if point in self._left:
            self._left[point] -= 1
            if self._left[point] == 0:
                self._obey(point)

    def _obey(self, point: str) -> None:
        hit = self._hits / self._word
        try:
            os.rename(self._arm, hit)  # noqa: PTH104
        except FileNotFoundError:
            return  # another process of this role was quicker, or it isn't wanted any more
        with hit.open("a", encoding="ascii") as file:
            file.write(f"hit {os.getpid()} {point}\n")
        os.kill(os.getpid(), signal.Signals[self._signal])

    def counts(self, place: Place, named: Mapping[str, Any]) -> bool:
        """Whether this pass is one of the place."""
        if place.when is not None and not place.when(named):
            return False
        if place.since and place.since not in self._since:
            return False
        self._since.discard(place.since)
        self._since.add(place.name)
        return True

    # Calls ------------------------------------------------------------------------------------------

    def wrapped(self, function: Callable[..., Any], places: Sequence[Place]) -> Callable[..., Any]:
        code: CodeType | None = getattr(function, "__code__", None)
        names = code.co_varnames if code is not None else ()

        def of(args: Sequence[Any], more: Mapping[str, Any]) -> list[Place]:
            named = {**dict(zip(names, args, strict=False)), **more}
            return [place for place in places if self.counts(place, named)]

        def call(*args: Any, **more: Any) -> Any:
            passing = of(args, more)
            self.all_passed(passing, "before")
            result = function(*args, **more)
            self.all_passed(passing, "after")
            return result

        async def awaited(*args: Any, **more: Any) -> Any:
            passing = of(args, more)
            self.all_passed(passing, "before")
            result = await function(*args, **more)
            self.all_passed(passing, "after")
            return result

        return awaited if code is not None and code.co_flags & _COROUTINE else call

    # Commits ----------------------------------------------------------------------------------------

    def committing(self, frame: FrameType | None) -> list[Place]:
        """Places that the innermost function with any commits for."""
        while frame is not None:
            where = frame.f_globals.get("__name__"), frame.f_code.co_qualname
            found = [place for place in self.places if place.commit and (place.module, place.function) == where]
            if found:
                return [place for place in found if self.counts(place, frame.f_locals)]
            frame = frame.f_back
        return []

    def all_passed(self, places: Sequence[Place], which: Literal["before", "after"]) -> None:
        for place in places:
            self.passed(place, which)


def _sqlite(failpoints: Failpoints) -> type[sqlite3.Connection]:
    """Connections whose transactions, begun by `with`, have points around their COMMIT."""

    class Connection(sqlite3.Connection):
        def __exit__(
            self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
        ) -> Literal[False]:
            places = failpoints.committing(sys._getframe(1)) if kind is None else []
            failpoints.all_passed(places, "before")
            super().__exit__(kind, error, trace)
            failpoints.all_passed(places, "after")
            return False

    return Connection


Writing = Callable[[Any], AbstractAsyncContextManager[Any]]


def _writing(failpoints: Failpoints, original: Writing) -> Writing:
    """`Database.writing`, with points around its commit."""

    @asynccontextmanager
    async def writing(database: object) -> AsyncIterator[Any]:
        places: list[Place] = []
        async with original(database) as session:
            yield session
            places = failpoints.committing(sys._getframe(1))
            failpoints.all_passed(places, "before")
        failpoints.all_passed(places, "after")

    return writing


# Wrapping modules as they are imported ----------------------------------------------------------------


class _Loader(importlib.abc.Loader):
    def __init__(self, loader: importlib.abc.Loader, after: Callable[[ModuleType], None]) -> None:
        self._loader = loader
        self._after = after

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        self._after(module)


class _Finder(importlib.abc.MetaPathFinder):
    """Hands modules that are wanted to `after` once they have been executed."""

    def __init__(self, wanted: frozenset[str], after: Callable[[ModuleType], None]) -> None:
        self._wanted = wanted
        self._after = after

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name not in self._wanted:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self._after)
        return spec


def resolve(module: ModuleType, function: str) -> tuple[Any, str, Callable[..., Any]]:
    """Its owner, its name there, and the function; of a function within another that other. Raises AttributeError."""
    owner: Any = module
    *path, name = function.partition(".<locals>")[0].split(".")
    for step in path:
        owner = getattr(owner, step)
    return owner, name, getattr(owner, name)


def _patch(failpoints: Failpoints, module: ModuleType) -> None:
    """Raises AttributeError where a place is not there any more: the process doesn't start, and says so."""
    calls: dict[str, list[Place]] = {}
    for place in failpoints.places:
        if place.module == module.__name__:
            resolve(module, place.function)
            if not place.commit:
                calls.setdefault(place.function, []).append(place)
    for name, places in calls.items():
        owner, attribute, function = resolve(module, name)
        setattr(owner, attribute, failpoints.wrapped(function, places))
    if module.__name__ in HURRIED:
        HURRIED[module.__name__](module)
    if module.__name__ == "broker.database":
        owner, attribute, function = resolve(module, "Database.writing")
        setattr(owner, attribute, _writing(failpoints, function))


def install() -> None:
    """For the process that we are, if it is one of those that may fail."""
    stands_by = os.environ.pop(STANDS_BY, "")
    role = role_of(sys.orig_argv)
    if role is None:
        return
    failpoints = Failpoints(Path(os.environ[VARIABLE]), role)
    if role != Role.BROKER:
        connection = _sqlite(failpoints)
        connect = sqlite3.connect
        sqlite3.connect = lambda *args, **more: connect(*args, **more, factory=connection)  # type: ignore[assignment]
    _patch(failpoints, os)
    wanted = {place.module for place in failpoints.places} | {"broker.database", *HURRIED}
    sys.meta_path.insert(0, _Finder(frozenset(wanted), lambda module: _patch(failpoints, module)))
    if stands_by:
        stand_by(role)
