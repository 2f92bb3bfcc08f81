"""What people get wrong at a workshop's machines: planned at a set-up, and done when the operator comes to it."""

import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from hardware_sim.faults import PERSON_FAULTS, Fault, FaultKind
from hardware_sim.truth.expected import Count, PieceTruth, Verdict

OTHER_MATERIAL = "unmarked"
OTHER_NOZZLE_MM = 0.8
THICKER_MM = 3.0
"""How much the wrong sheet is thicker than the right one."""


@dataclass(slots=True)
class Frailties:
    """Of one operator. Each is done once and told in `news`."""

    operator: str
    news: deque[str]
    _waiting: list[tuple[str, Fault]] = field(default_factory=list)
    _taken: dict[tuple[str, FaultKind], float] = field(default_factory=dict)
    """By task: what was done wrong in it, and is done so again where the bench has it repeated."""
    _late: dict[str, float] = field(default_factory=dict)
    """Task → when it is answered, on the steady clock."""

    def plan(self, machine: str, faults: Iterable[Fault]) -> tuple[Fault, ...]:
        """Keep what people do wrong at this machine; returns what the machine itself is to suffer."""
        suffered = []
        for fault in faults:
            if fault.kind in PERSON_FAULTS:
                self._waiting.append((machine, fault))
            else:
                suffered.append(fault)
        return tuple(suffered)

    def take(self, machine: str, kind: FaultKind, task: str = "") -> float | None:
        """The amount, if this is to be done wrong now; None: it is done right."""
        if (task, kind) in self._taken:
            return self._taken[task, kind]
        for entry in self._waiting:
            if entry[0] == machine and entry[1].kind is kind:
                self._waiting.remove(entry)
                self.news.append(f"{self.operator}: {machine}: {kind.value.replace('_', ' ')}")
                if task:
                    self._taken[task, kind] = entry[1].how_much()
                return entry[1].how_much()
        return None

    def put_off(self, machine: str, task: str) -> bool:
        """Whether the answer to this task is still to wait."""
        if task not in self._late:
            amount = self.take(machine, FaultKind.LATE_ANSWER)
            self._late[task] = time.monotonic() + (amount or 0.0)
        return time.monotonic() < self._late[task]

    def miscounted(self, machine: str, truth: Count) -> Count:
        """The count as it is told: one piece of the first lot is taken for good, or for scrap."""
        amount = self.take(machine, FaultKind.MISCOUNT)
        if amount is None:
            return truth
        wrong, right = (Verdict.INCOMPLETE, Verdict.GOOD) if amount < 0 else (Verdict.GOOD, Verdict.INCOMPLETE)
        pieces = list(truth.pieces)
        for index, piece in enumerate(pieces):
            if (piece.verdict is Verdict.GOOD) is (right is Verdict.GOOD):
                pieces[index] = PieceTruth(piece.label, wrong, "miscounted")
                break
        return Count(tuple(pieces), truth.regions)
