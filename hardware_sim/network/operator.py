"""The rig's operator of one workshop: looks at the beds, not at messages, and answers what the bench asks."""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from hardware_sim.faults import Fault
from hardware_sim.network.api import Broker, DrawnPart, PlateSeen
from hardware_sim.network.bench import AnswerRefused, Bench, BenchAway, Waiting
from hardware_sim.network.machine import MachineProcess
from hardware_sim.network.plates import count_bed
from hardware_sim.network.processes import ProcessEnded
from hardware_sim.network.towns import MATERIALS
from hardware_sim.truth.expected import Count, Verdict

LOOK_S = 0.2
PRESENCE_LOOK_S = 5.0
SHEET_CORNER = (10.0, 10.0)
"""Low corner of the clamped sheet from the table's, mm."""
TABLE_UP_MM = 20.0
"""Top of the clamped sheet above the spindle's lowest point."""
STUBBORN = 200
"""So many refusals of one task mean that nothing will change."""
_SCRAP = {Verdict.INCOMPLETE: "adhesion", Verdict.MISSING: "adhesion", Verdict.JOINED: "dimension"}


class PlateUnknown(RuntimeError):
    """The broker doesn't show the plate of a run that lies on a machine."""


class StuckTask(RuntimeError):
    """The bench refused the same task again and again."""


@dataclass(slots=True)
class Operator:
    """Runs in a thread of its own from `start` to `stop`; `error` holds what ended it before its time.

    `break_next`: asked at each set-up what to break on purpose, by machine and plate.
    """

    name: str
    bench: Bench
    broker: Broker
    machines: dict[str, MachineProcess]
    break_next: Callable[[MachineProcess, PlateSeen], tuple[Fault, ...]]
    news: deque[str]
    counted: dict[str, int] = field(default_factory=dict)
    """Run → good pieces by material."""
    error: BaseException | None = None
    _stop: threading.Event = field(default_factory=threading.Event)
    _refusals: Counter[str] = field(default_factory=Counter)
    _tallies: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    _thread: threading.Thread | None = None
    _presence_at: float = 0.0

    def start(self) -> None:
        self._thread = threading.Thread(target=self._work, name=self.name)
        self._thread.start()

    def stop(self) -> None:
        """Answer nothing new; `join` waits for the last answer."""
        self._stop.set()

    def join(self) -> None:
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        try:
            while not self._stop.wait(LOOK_S):
                self._round()
        except (StuckTask, PlateUnknown, OSError, RuntimeError, ValueError) as error:
            self.error = error

    def _round(self) -> None:
        try:
            for task in self.bench.tasks():
                self._answer(task)
            self._stay_present()
        except (BenchAway, httpx.TransportError):
            # Agent or broker is being restarted: whatever waits will wait.
            return

    def _answer(self, task: Waiting) -> None:
        try:
            self._do(task)
        except (AnswerRefused, ProcessEnded) as refusal:
            self._refusals[task.id] += 1
            if self._refusals[task.id] == 1:
                self.news.append(f"{self.name}: {task.kind} not taken yet: {refusal}")
            if self._refusals[task.id] > STUBBORN:
                raise StuckTask(f"{self.name}: {task.id}: {refusal}") from refusal

    def _do(self, task: Waiting) -> None:
        me = {"kind": task.kind, "operator": self.name}
        match task.kind:
            case "setup":
                self._set_up(task)
            case "count":
                counts = self._counts(task)
                self.machines[task.machine or ""].clear_bed()
                self.bench.answer(task.id, {**me, "counts": counts, "cleared": True})
            case "settle":
                counts = self._counts(task)
                self.bench.answer(task.id, {**me, "counts": counts, "note": "looked at it; pieces taken off"})
            case "release":
                machine = self.machines[task.machine or ""]
                machine.clear_bed()
                machine.reset()
                self.bench.answer(task.id, me)
            case "clear":
                self.machines[task.machine or ""].clear_bed()
                self.bench.answer(task.id, me)
            case "lot":
                self.bench.answer(task.id, {**me, "accept": True})
            case "handover":
                self.bench.answer_in_terminal(task.id, {**me, "reference": "by van"})

    def _set_up(self, task: Waiting) -> None:
        machine = self.machines[task.machine or ""]
        plate = self._plate(task)
        answer: dict[str, object] = {
            "kind": "setup",
            "operator": self.name,
            "bed_clear": True,
            "material": task.material,
            "tool_mm": machine.machine.tool_mm,
        }
        if task.router:
            answer |= {"sheet_mm": self._clamp(machine, task), "clamps_clear": True, "extraction_on": True}
        else:
            machine.load_spool(task.material or "")
        self.bench.answer(task.id, answer)
        for fault in self.break_next(machine, plate):
            machine.break_it(fault)

    def _clamp(self, machine: MachineProcess, task: Waiting) -> tuple[float, float, float]:
        """Put a sheet of the task's material on the table and touch its corner off; returns its size as measured."""
        size = next(one.sheet_mm for one in MATERIALS if one.name == task.material and one.sheet_mm)
        width, depth, height = machine.machine.volume_mm
        corner = (SHEET_CORNER[0] - width, SHEET_CORNER[1] - depth, TABLE_UP_MM - height)
        self.bench.touch_off(machine.name, corner)
        machine.load_sheet(corner, size, task.material or "")
        return size

    def _plate(self, task: Waiting) -> PlateSeen:
        """Raises PlateUnknown."""
        for run in self.broker.live_runs():
            if run.id == task.run:
                return next(plate for plate in self.broker.plates(run.order_ids[0]) if plate.id == run.plate)
        raise PlateUnknown(f"run {task.run} is on {task.machine}, and the broker shows no such live run")

    def _drawings(self, plate: PlateSeen) -> dict[str, DrawnPart]:
        order = next(run.order_ids[0] for run in self.broker.live_runs() if run.plate == plate.id)
        parts = {line.id: line.part_id for line in self.broker.order(order).lines}
        found = {lot.id: self.broker.part(parts[lot.line]).facts.drawing for lot in self.broker.lots(order)}
        return {lot: drawing for lot, drawing in found.items() if drawing is not None}

    def _counts(self, task: Waiting) -> list[dict[str, object]]:
        """Good and scrap by lot, from the material on the bed; counted once, before anything is taken off."""
        if task.id not in self._tallies:
            plate = self._plate(task)
            truth = count_bed(self.machines[task.machine or ""], plate.document, self._drawings(plate))
            self.counted[task.run or ""] = truth.good
            self.news.append(f"{self.name}: {task.machine}: {truth.good} good of {len(truth.pieces)}")
            lots = sorted({piece.label for piece in truth.pieces})
            self._tallies[task.id] = [_lot_count(lot, truth) for lot in lots]
        return self._tallies[task.id]

    def _stay_present(self) -> None:
        if time.monotonic() < self._presence_at:
            return
        self._presence_at = time.monotonic() + PRESENCE_LOOK_S
        for machine in self.bench.machines():
            if machine.attended and machine.run is not None:
                self.bench.presence(machine.name, self.name)


def _lot_count(lot: str, truth: Count) -> dict[str, object]:
    mine = [piece for piece in truth.pieces if piece.label == lot]
    reasons = Counter(_SCRAP[piece.verdict] for piece in mine if piece.verdict is not Verdict.GOOD)
    scrap = [{"reason": reason, "pieces": pieces} for reason, pieces in sorted(reasons.items())]
    return {"lot": lot, "good": sum(piece.verdict is Verdict.GOOD for piece in mine), "scrap": scrap}
