"""The rig's operator of one workshop: looks at the beds, not at messages, and answers what the bench asks."""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import httpx

from hardware_sim.errors import RigError
from hardware_sim.faults import Fault, FaultKind
from hardware_sim.network.api import Broker, DrawnPart, PlateSeen
from hardware_sim.network.bench import AnswerRefused, Bench, BenchAway, LotCounted, ScrapSeen, Waiting
from hardware_sim.network.frailties import OTHER_MATERIAL, OTHER_NOZZLE_MM, THICKER_MM, Frailties
from hardware_sim.network.machine import MachineProcess
from hardware_sim.network.plates import count_bed, whole
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


class PlateUnknown(RigError):
    """The broker doesn't show the plate of a run that lies on a machine."""


class StuckTask(RigError):
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
    set_up: set[str] = field(default_factory=set)
    """Runs whose machine was set up, whether or not the bench has heard of it."""
    error: BaseException | None = None
    _stop: threading.Event = field(default_factory=threading.Event)
    _refusals: Counter[str] = field(default_factory=Counter)
    _tallies: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    """Run → what was counted of it."""
    _boxed: set[str | None] = field(default_factory=set)
    """Runs whose parts are off their machine."""
    _thread: threading.Thread | None = None
    _frail: Frailties = field(init=False)
    _plans: dict[str, tuple[Fault, ...]] = field(default_factory=dict)
    """Task → what its machine is to suffer."""
    _away: dict[str, float] = field(default_factory=dict)
    """Machine → when the operator comes back, on the steady clock."""
    _presence_at: float = 0.0

    def __post_init__(self) -> None:
        self._frail = Frailties(self.name, self.news)

    def start(self) -> None:
        """Again too, once it was stopped and joined."""
        self._stop.clear()
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
        except (RigError, OSError, RuntimeError, ValueError, httpx.HTTPError) as error:
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
        if self._frail.put_off(task.machine or "", task.id):
            return
        try:
            self._do(task)
        except (AnswerRefused, ProcessEnded, PlateUnknown) as refusal:
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
                counts, lies_there = self._counts(task), task.run not in self._boxed
                if lies_there:
                    self._take_off(task)
                self.bench.answer(task.id, {**me, "counts": counts, "cleared": lies_there})
            case "settle":
                counts = self._counts(task)
                self.bench.answer(task.id, {**me, "counts": counts, "note": "looked at it; pieces taken off"})
            case "release":
                machine = self.machines[task.machine or ""]
                machine.clear_bed()
                machine.reset()
                self.bench.answer(task.id, me)
            case "clear":
                with suppress(PlateUnknown):  # settled before: nobody will ask for a count
                    self._counts(task)
                self._take_off(task)
                self.bench.answer(task.id, me)
            case "lot":
                self.bench.answer(task.id, {**me, "accept": True})
            case "handover":
                self.bench.answer_in_terminal(task.id, {**me, "reference": "by van"})

    def _take_off(self, task: Waiting) -> None:
        """Into a box, where they are counted later; what is still on the bed then is the next run's."""
        if self._frail.take(task.machine or "", FaultKind.BED_NOT_CLEARED, task.run or "") is None:
            self.machines[task.machine or ""].clear_bed()
        self._boxed.add(task.run)

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
        if task.id not in self._plans:
            self._plans[task.id] = self._frail.plan(machine.name, self.break_next(machine, plate))
        if task.router:
            answer |= {"sheet_mm": self._clamp(machine, task), "clamps_clear": True, "extraction_on": True}
            answer |= {"tool_length": "touched off"}
            machine.somebody_there()
        else:
            self._thread_in(machine, task)
        self.set_up.add(task.run or "")
        self.bench.answer(task.id, answer)
        for fault in self._plans[task.id]:
            machine.break_it(fault)

    def _thread_in(self, machine: MachineProcess, task: Waiting) -> None:
        """Spool and nozzle, as the task wants them unless something goes wrong."""

        def wrong(kind: FaultKind) -> float | None:
            return self._frail.take(machine.name, kind, task.id)

        material, nozzle_mm, grams = task.material or "", machine.machine.tool_mm, wrong(FaultKind.SHORT_SPOOL)
        machine.expect(material=material, nozzle_mm=nozzle_mm)
        spool = material if wrong(FaultKind.WRONG_SPOOL) is None else OTHER_MATERIAL
        machine.load_spool(spool, 1000.0 if grams is None else grams)
        machine.fit_nozzle(nozzle_mm if wrong(FaultKind.WRONG_NOZZLE) is None else OTHER_NOZZLE_MM)

    def _clamp(self, machine: MachineProcess, task: Waiting) -> tuple[float, float, float]:
        """Put a sheet of the task's material on the table and touch its corner off; returns its size as measured."""
        size = next(one.sheet_mm for one in MATERIALS if one.name == task.material and one.sheet_mm)
        width, depth, height = machine.machine.volume_mm
        corner = (SHEET_CORNER[0] - width, SHEET_CORNER[1] - depth, TABLE_UP_MM - height)
        self.bench.touch_off(machine.name, corner)
        take = self._frail.take
        off = take(machine.name, FaultKind.ZERO_OFF, task.id) or 0.0
        thicker = 0.0 if take(machine.name, FaultKind.WRONG_SHEET, task.id) is None else THICKER_MM
        true_corner = (corner[0] - off, corner[1] - off, corner[2] + thicker)
        machine.expect(material=task.material or "", thickness_mm=size[2], tool_mm=machine.machine.tool_mm)
        machine.load_sheet(true_corner, (size[0], size[1], size[2] + thicker), task.material or "")
        machine.fit_tool(take(machine.name, FaultKind.TOOL_LENGTH_OFF, task.id) or 0.0)
        return size

    def _plate(self, task: Waiting) -> PlateSeen:
        """Raises PlateUnknown."""
        for run in self.broker.live_runs():
            if run.id == task.run:
                plates = [plate for order in run.order_ids for plate in self.broker.plates(order)]
                return whole([plate for plate in plates if plate.id == run.plate])
        raise PlateUnknown(f"run {task.run} is on {task.machine}, and the broker shows no such live run")

    def _drawings(self, plate: PlateSeen) -> dict[str, DrawnPart]:
        orders = next(run.order_ids for run in self.broker.live_runs() if run.plate == plate.id)
        parts = {line.id: line.part_id for order in orders for line in self.broker.order(order).lines}
        lots = {lot.id: lot for order in orders for lot in self.broker.lots(order)}
        found = {lot.id: self.broker.part(parts[lot.line]).facts.drawing for lot in lots.values()}
        return {lot: drawing for lot, drawing in found.items() if drawing is not None}

    def _counts(self, task: Waiting) -> list[dict[str, object]]:
        """Good and scrap by lot, from the material on the bed; counted once, before anything is taken off."""
        name = task.run or ""
        if name not in self._tallies:
            plate = self._plate(task)
            machine = self.machines[task.machine or ""]
            truth = self._frail.miscounted(machine.name, count_bed(machine, plate.document, self._drawings(plate)))
            self.news.append(f"{self.name}: {task.machine}: {truth.good} good of {len(truth.pieces)}")
            expected = {one.lot: one.pieces for one in task.expected} or Counter(piece.label for piece in truth.pieces)
            counts = [_lot_count(lot, truth, pieces) for lot, pieces in sorted(expected.items())]
            self.counted[name] = sum(count.good for count in counts)
            self._tallies[name] = [count.model_dump() for count in counts]
        return self._tallies[name]

    def _stay_present(self) -> None:
        if time.monotonic() < self._presence_at:
            return
        self._presence_at = time.monotonic() + PRESENCE_LOOK_S
        for machine in self.bench.machines():
            if machine.attended and machine.run is not None and not self._walked_away(machine.name):
                with suppress(AnswerRefused):  # the run has ended meanwhile: nobody need be there
                    self.bench.presence(machine.name, self.name)
                    if machine.lapsed:
                        self.machines[machine.name].press_cycle_start()

    def _walked_away(self, machine: str) -> bool:
        """Whether the operator is somewhere else now."""
        amount = self._frail.take(machine, FaultKind.WALKED_AWAY)
        if amount is not None:
            self._away[machine] = time.monotonic() + amount
            self.machines[machine].nobody_there()
        if machine in self._away and time.monotonic() >= self._away[machine]:
            del self._away[machine]
            self.machines[machine].somebody_there()
        return machine in self._away


def _lot_count(lot: str, truth: Count, expected: int) -> LotCounted:
    """Of so many pieces: what was skipped on the way is scrap already, and nobody asks for it here."""
    verdicts = [piece.verdict for piece in truth.pieces if piece.label == lot]
    good = min(expected, verdicts.count(Verdict.GOOD))
    bad = [verdict for verdict in verdicts if verdict is not Verdict.GOOD]
    reasons = Counter(_SCRAP[verdict] for verdict in bad[: expected - good])
    scrap = tuple(ScrapSeen(reason=reason, pieces=pieces) for reason, pieces in sorted(reasons.items()))
    return LotCounted(lot=lot, good=good, scrap=scrap)
