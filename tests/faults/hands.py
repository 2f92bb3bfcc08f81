"""What a person at the bench does to a print under way, over and above what is asked: hold it, or end it."""

import threading
from collections.abc import Sequence

import httpx

from hardware_sim.network.bench import AnswerRefused, Bench, BenchAway

LOOK_S = 0.05
BETWEEN = 3
"""Of so many prints one is held and one cancelled, so that the others end."""


class Hands:
    """A thread that waits for runs on these machines and does `verb` to every third; after a hold it resumes."""

    def __init__(self, benches: Sequence[tuple[Bench, str]], verb: str, turn: int) -> None:
        """`benches`: each with the name of a machine. `turn`: the first print that it is done to."""
        self._benches = benches
        self._verb = verb
        self._turn = turn
        self._runs: list[str] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"to {verb}")
        self._thread.start()

    def end(self) -> None:
        self._stop.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._stop.wait(LOOK_S):
            for bench, machine in self._benches:
                run = self._under_way(bench, machine)
                if run is None:
                    continue
                if run not in self._runs:
                    self._runs.append(run)
                if self._runs.index(run) % BETWEEN == self._turn:
                    self._act(bench, machine, self._verb)
                    if self._verb == "hold":
                        self._go_on(bench, machine)

    def _go_on(self, bench: Bench, machine: str) -> None:
        self._stop.wait(1.5)
        while self._under_way(bench, machine) is not None:
            self._act(bench, machine, "resume")
            self._stop.wait(0.3)

    @staticmethod
    def _under_way(bench: Bench, machine: str) -> str | None:
        try:
            return next((one.run for one in bench.machines() if one.name == machine), None)
        except (BenchAway, httpx.HTTPError):
            return None

    @staticmethod
    def _act(bench: Bench, machine: str, verb: str) -> None:
        try:
            bench.act(machine, verb, "Eva")
        except (BenchAway, AnswerRefused, httpx.HTTPError):
            return
