"""The agent's bench as the rig's operator uses it: the loopback API, and `llagar-agent bench` in a terminal."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
from pydantic import TypeAdapter

from hardware_sim.network.api import Seen
from hardware_sim.network.processes import Processes


class ExpectedPieces(Seen):
    lot: str
    pieces: int


class ScrapSeen(Seen):
    reason: str
    pieces: int


class LotCounted(Seen):
    lot: str
    good: int
    scrap: tuple[ScrapSeen, ...] = ()


class CountedAtBench(Seen):
    """A run whose counts may be put right, but for lots that were handed over."""

    run: str
    counts: tuple[LotCounted, ...]
    handed_over: tuple[str, ...]


class Waiting(Seen):
    id: str
    kind: str
    machine: str | None
    router: bool
    run: str | None
    material: str | None
    tool_mm: float | None
    thickness_mm: float | None
    lot: str | None
    ship_to: str | None
    expected: tuple[ExpectedPieces, ...] = ()
    """What a count accounts for: all but pieces that were skipped."""


class MachineAtBench(Seen):
    name: str
    standing: str
    attended: bool
    run: str | None
    presence_left_s: float | None
    lapsed: bool
    state: str | None = None
    """Of its driver; None: nobody drives it just now."""
    lines_done: int = 0
    objects: tuple[str, ...] = ()
    """Of the program under way."""
    skipped: tuple[str, ...] = ()


class Address(Seen):
    url: str
    token: str


class BenchAway(RuntimeError):
    """No agent answers just now."""


class AnswerRefused(RuntimeError):
    """The bench did not take an answer; the task still waits."""


_TASKS = TypeAdapter(list[Waiting])
_MACHINES = TypeAdapter(list[MachineAtBench])
_COUNTED = TypeAdapter(list[CountedAtBench])


def at_the_bench(_shop: str) -> httpx.Client:
    """A connection to agents on this computer."""
    return httpx.Client(timeout=120.0, trust_env=False)


@dataclass(slots=True)
class Bench:
    """`command` is the agent's executable, `config` its agent.toml, `data` its data folder."""

    command: str
    config: Path
    data: Path
    processes: Processes
    http: httpx.Client

    def close(self) -> None:
        self.http.close()

    def _send(self, method: str, path: str, body: object = None) -> bytes:
        try:
            address = Address.model_validate_json((self.data / "bench.json").read_bytes())
            token = {"Authorization": f"Bearer {address.token}"}
            answer = self.http.request(method, f"{address.url}{path}", json=body, headers=token)
        except (FileNotFoundError, httpx.TransportError) as error:
            raise BenchAway(str(error)) from error
        if answer.status_code in (404, 409, 422):
            raise AnswerRefused(answer.text)
        return answer.raise_for_status().content

    def tasks(self) -> list[Waiting]:
        """Raises BenchAway."""
        return _TASKS.validate_json(self._send("GET", "/tasks"))

    def machines(self) -> list[MachineAtBench]:
        """Raises BenchAway."""
        return _MACHINES.validate_json(self._send("GET", "/machines"))

    def answer(self, task: str, answer: object) -> None:
        """Raises BenchAway, AnswerRefused."""
        self._send("POST", f"/tasks/{task}", answer)

    def answer_in_terminal(self, task: str, answer: object) -> None:
        """The same by the command that a person would type. Raises ProcessEnded."""
        argv = [self.command, "bench", "--config", str(self.config), "--answer", task, json.dumps(answer)]
        self.processes.run(argv)

    def touch_off(self, machine: str, zero_mm: tuple[float, float, float]) -> None:
        """Home, then set the work's zero. Raises BenchAway, AnswerRefused."""
        self._send("POST", f"/machines/{machine}/home", {})
        self._send("POST", f"/machines/{machine}/zero", {"machine_mm": list(zero_mm)})

    def presence(self, machine: str, operator: str) -> None:
        self.act(machine, "presence", operator)

    def act(self, machine: str, verb: str, operator: str) -> None:
        """hold, resume, cancel, stop, presence. Raises BenchAway, AnswerRefused."""
        self._send("POST", f"/machines/{machine}/{verb}", {"operator": operator})

    def skip(self, machine: str, name: str, operator: str) -> None:
        """An object of the program under way is left out. Raises BenchAway, AnswerRefused."""
        self._send("POST", f"/machines/{machine}/skip", {"operator": operator, "object": name, "reason": "adhesion"})

    def counted(self) -> list[CountedAtBench]:
        """The newest first. Raises BenchAway."""
        return _COUNTED.validate_json(self._send("GET", "/runs"))

    def correct(self, run: str, operator: str, counts: Sequence[LotCounted]) -> None:
        """Raises BenchAway, AnswerRefused."""
        told = [count.model_dump(mode="json") for count in counts]
        self._send("POST", f"/runs/{run}/correct", {"operator": operator, "note": "looked again", "counts": told})
