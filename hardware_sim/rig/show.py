"""A rig in a terminal: a table that stays, or a line for each thing that happens."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.live import Live

from hardware_sim.rig.screen import NEWS, screen
from hardware_sim.rig.view import RigView


class Show(Protocol):
    def __call__(self, view: RigView) -> None: ...


@contextmanager
def showing(console: Console, *, headless: bool) -> Iterator[Show]:
    if headless or not console.is_terminal:
        yield _Lines(console)
        return
    with Live(console=console, auto_refresh=False) as live:
        yield _Table(live)


class _Lines:
    """First where each machine is, then what happens."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._begun = False

    def __call__(self, view: RigView) -> None:
        lines = list(view.news)
        if not self._begun:
            self._begun = True
            lines = [f"{one.machine}: {one.firmware} at {one.address}" for one in view.machines] + lines
            lines.append(view.title)
        for line in lines:
            self._console.print(line, markup=False, soft_wrap=True)


class _Table:
    def __init__(self, live: Live) -> None:
        self._live = live
        self._news: deque[str] = deque(maxlen=NEWS)

    def __call__(self, view: RigView) -> None:
        self._news.extend(line.splitlines()[-1] for line in view.news)
        console = self._live.console
        self._live.update(screen(view, self._news, console.width, console.height), refresh=True)
