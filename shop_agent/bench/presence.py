"""The bench in a terminal while nothing is asked: attended runs, the time left, and a key that says you are there."""

import os
import select
import sys
import termios
import time
import tty
from collections.abc import Collection, Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from shop_agent.bench.client import BenchClient
from shop_agent.bench.schemas import Act, MachineView, ShopView, TaskView
from shop_agent.errors import Refused

LOOK_S = 2.0


def left_text(machine: MachineView) -> str:
    """Minutes and seconds until the run is held unless somebody says that they are there."""
    minutes, seconds = divmod(int(machine.presence_left_s or 0.0), 60)
    return f"{minutes}:{seconds:02}"


def attended_runs(machines: Sequence[MachineView]) -> list[MachineView]:
    return [one for one in machines if one.attended and one.presence_left_s is not None]


class Keys:
    """Single keys of a terminal, while entered; from anything else none come."""

    def __init__(self) -> None:
        self._stdin = sys.stdin.fileno() if sys.stdin.isatty() else None

    def __enter__(self) -> Self:
        if self._stdin is not None:
            self._before = termios.tcgetattr(self._stdin)
            tty.setcbreak(self._stdin)
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        if self._stdin is not None:
            termios.tcsetattr(self._stdin, termios.TCSADRAIN, self._before)

    def next(self, timeout_s: float) -> str:
        """The next key, or nothing after this time. Raises EOFError once the terminal is gone."""
        if self._stdin is None:
            time.sleep(timeout_s)
            return ""
        if not select.select([self._stdin], [], [], timeout_s)[0]:
            return ""
        key = os.read(self._stdin, 1).decode("ascii", errors="replace")
        if not key:
            raise EOFError
        return key


class Watch:
    def __init__(
        self, client: BenchClient, console: Console, operator: str, wishes: Collection[str] = (), words: str = ""
    ) -> None:
        """`wishes`: keys that are handed back; `words` says what they do."""
        self._client = client
        self._console = console
        self._operator = operator
        self._wishes = wishes
        self._words = words

    def until_asked(self, put_off: set[str]) -> str:
        """Until Enter, a wish's key (which is returned), or a task that wasn't put off.

        Questions don't come by themselves in an attended run: while one is open no key confirms anything.
        """
        with Keys() as keys, Live(console=self._console, auto_refresh=False, transient=True) as live:
            while True:
                attended, tasks = attended_runs(self._client.machines()), self._client.tasks()
                if not attended and any(task.id not in put_off for task in tasks):
                    return ""
                live.update(_shown(attended, tasks, self._client.shop(), self._words), refresh=True)
                key = keys.next(LOOK_S)
                if key == "\n" and tasks:
                    return ""
                if key and key in self._wishes:
                    return key
                if key.isdecimal() and 1 <= int(key) <= len(attended):
                    self._confirm(attended[int(key) - 1].name)

    def _confirm(self, machine: str) -> None:
        try:
            self._client.act(machine, "presence", Act(operator=self._operator))
        except Refused as refused:
            self._console.print(f"[red]not taken:[/] {refused}")
        else:
            self._console.print(f"{self._operator} is at {machine}")


def _line(number: int, one: MachineView) -> str:
    if one.lapsed:
        return f"{one.name} is held: press {number} if you are there, then cycle start at the machine"
    return f"{one.name} is {one.state}, {left_text(one)} left: press {number} if you are there"


def _shown(attended: Sequence[MachineView], tasks: Sequence[TaskView], shop: ShopView, words: str) -> Text:
    lines = [f"NOTHING NEW STARTS: {shop.alarm}"] if shop.alarm else []
    lines += [_line(number, one) for number, one in enumerate(attended, 1)]
    if tasks:
        lines.append(f"{len(tasks)} waiting: press Enter to answer")
    return Text("\n".join([*lines, words] if words else lines))
