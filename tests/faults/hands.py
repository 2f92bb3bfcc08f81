"""What people do over and above what is asked of them: hold a print, or end it; have another key follow an agent's."""

import threading
import time
from collections.abc import Sequence
from contextlib import suppress

import httpx

from hardware_sim.network.bench import AnswerRefused, Bench, BenchAway, LotCounted, MachineAtBench, ScrapSeen
from hardware_sim.network.network import Network
from hardware_sim.network.processes import ProcessEnded, executable

LOOK_S = 0.05
WHO = "Eva"
CORRECT_S = 0.5
HELD_S = 1.5
"""How long a hold lasts."""
RESUME_WITHIN_S = 120.0
"""A print that nobody could resume by then keeps its order from being delivered, and that is judged."""
TURN_S = 1.0
"""Between two keys."""
WARM_LINES = 60
"""A print with so many lines done is past its heat-up: a hold in that isn't told before there is a print to hold."""
BETWEEN = 3
"""Of so many prints one is held and one cancelled, so that the others end."""


_REFUSED = (BenchAway, AnswerRefused, httpx.HTTPError)


class People:
    """A thread that looks again and again, until it may go."""

    def __init__(self, name: str, every_s: float) -> None:
        self._every_s = every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name=name)
        self._thread.start()

    def leave(self) -> None:
        """Begin nothing more; what is begun is ended first."""
        self._stop.set()

    def join(self) -> None:
        self._thread.join()

    def look(self) -> None:
        raise NotImplementedError

    def _work(self) -> None:
        while not self._stop.wait(self._every_s):
            self.look()


class Hands(People):
    """They wait for runs on these machines and do `verb` to every third; after a hold they resume."""

    def __init__(self, benches: Sequence[tuple[Bench, str]], verb: str, turn: int) -> None:
        """`benches`: each with the name of a machine. `verb`: hold, cancel or skip. `turn`: the first print that
        it is done to."""
        self._benches = benches
        self._verb = verb
        self._turn = turn
        self._runs: list[str] = []
        super().__init__(f"to {verb}", LOOK_S)

    def look(self) -> None:
        for bench, name in self._benches:
            machine = _at(bench, name)
            if machine is None or machine.run is None:
                continue
            if machine.run not in self._runs:
                self._runs.append(machine.run)
            warm = self._verb != "hold" or machine.lines_done >= WARM_LINES
            if warm and self._runs.index(machine.run) % BETWEEN == self._turn:
                self._do(bench, machine)

    def _do(self, bench: Bench, machine: MachineAtBench) -> None:
        with suppress(*_REFUSED):
            match self._verb:
                case "skip":
                    if machine.objects and not machine.skipped:
                        bench.skip(machine.name, machine.objects[0], WHO)
                case verb:
                    bench.act(machine.name, verb, WHO)
        if self._verb == "hold":
            self._go_on(bench, machine)

    def _go_on(self, bench: Bench, held: MachineAtBench) -> None:
        """Until the print is seen to go on after it was held, or to be over: nobody else would resume it, and agents
        die meanwhile."""
        time.sleep(HELD_S)
        until_s = time.monotonic() + RESUME_WITHIN_S
        was_held = False
        while time.monotonic() < until_s:
            machine = _at(bench, held.name)
            if machine is not None and machine.state is not None:
                was_held = was_held or machine.state == "held"
                if machine.run != held.run or (was_held and machine.state == "running"):
                    return
                if was_held:
                    with suppress(*_REFUSED):
                        bench.act(held.name, "resume", WHO)
            time.sleep(LOOK_S)


def _at(bench: Bench, name: str) -> MachineAtBench | None:
    """The machine, where somebody answers."""
    with suppress(*_REFUSED):
        return next(one for one in bench.machines() if one.name == name)
    return None


class Correctors(People):
    """They look at their scrap again and again, and find another reason for it each time."""

    def __init__(self, benches: Sequence[Bench]) -> None:
        self._benches = benches
        super().__init__("to correct", CORRECT_S)

    def look(self) -> None:
        for bench in self._benches:
            with suppress(*_REFUSED):
                for run in bench.counted():
                    if any(count.scrap and count.lot not in run.handed_over for count in run.counts):
                        bench.correct(run.run, WHO, [_otherwise(count, run.handed_over) for count in run.counts])


def _otherwise(count: LotCounted, handed_over: Sequence[str]) -> LotCounted:
    """As many pieces; lots that are out of the door stay as they are."""
    if count.lot in handed_over or not count.scrap:
        return count
    pieces, before = sum(one.pieces for one in count.scrap), count.scrap[0].reason
    reason = "warp" if before != "warp" else "surface"
    return count.model_copy(update={"scrap": (ScrapSeen(reason=reason, pieces=pieces),)})


class KeyTurners(People):
    """The owners of all shops have their agents' keys followed by others, again and again."""

    def __init__(self, network: Network) -> None:
        self._network = network
        super().__init__("keys", TURN_S)

    def look(self) -> None:
        for shop in self._network.shops:
            config = self._network.folder / "shops" / shop.name / "agent.toml"
            with suppress(ProcessEnded):  # it was killed, or the broker is away: it is called again
                self._network.processes.run([executable("llagar-agent"), "rotate-key", "--config", str(config)])
