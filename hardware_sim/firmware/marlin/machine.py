"""A Marlin-like printer as a pure core: bytes and the time in, bytes out.

`now` is seconds on any steady clock; physics runs `speed` times faster than it, keep-alive and reports don't.
`receive` and `advance` may be called in any rhythm: the same bytes at the same times give the same output.
Source: Marlin 2.1 documents and configuration; what is not here answers `echo:Unknown command`.
"""

from math import inf

from hardware_sim.faults import Fault, FaultKind, Mishaps, Progress
from hardware_sim.firmware.config import PrinterConfig
from hardware_sim.firmware.heater import BED, HOTEND, Heater
from hardware_sim.firmware.islands import lose_island
from hardware_sim.firmware.marlin import commands, reports
from hardware_sim.firmware.marlin.axes import Axes
from hardware_sim.firmware.marlin.emergency import Emergency, EmergencyParser
from hardware_sim.firmware.marlin.intake import Command, Intake
from hardware_sim.firmware.planner import Block, Planner
from hardware_sim.firmware.waits import Execution, Motion, Wait
from hardware_sim.firmware.witness import EpisodeKind, Witness

PLANNER_BLOCKS = 16
JUNCTION_MM = 0.02
HOT_C = 170.0
"""EXTRUDE_MINTEMP: below, no filament comes out."""
BUSY_S = 2.0
LATE_S = 0.02
IN_FLIGHT_S = 0.5
"""Real seconds in which the host may not have read of a fault yet: what it sends by then is no offence."""


class Marlin:
    def __init__(self, config: PrinterConfig, mishaps: Mishaps, *, speed: float, boot_s: float, idle_s: float) -> None:
        self.config = config
        self.mishaps = mishaps
        self.witness = Witness(splits_setup=False)
        self.speed = speed
        self.now = 0.0
        self.unplug_s: float | None = None
        """Set by a fault: the serving process is to pull the cable, for so many seconds."""
        self.hotend = Heater(HOTEND, speed)
        self.bed = Heater(BED, speed)
        self.out = bytearray()
        self._boot_s = boot_s
        self._idle_s = idle_s
        self._job_at = 0.0
        self._job_moves = 0
        self._hung = False
        self._booting_until = inf
        self._power_on()

    def _power_on(self) -> None:
        self.axes = Axes(self.config.volume_mm)
        self.planner = Planner(PLANNER_BLOCKS, self.speed, JUNCTION_MM)
        self.intake = Intake(self.config.resend, self.config.rx_bytes, self.mishaps, self.out)
        self.dead = False
        self._deaf = bytearray()
        self._fault_at = inf
        self.busy_s = BUSY_S
        self.autoreport_s = 0.0
        self.heat_report: commands.HeatReport | None = None
        self.acknowledged = False
        self._emergency = EmergencyParser()
        self._execution: Execution | None = None
        self._wait: Wait = 0.0
        self._busy_at = inf
        self._report_at = inf
        self._autoreport_at = inf
        self._timer = inf

    # What the serving process calls.

    def receive(self, data: bytes, now: float) -> bytes:
        self._run(now)
        if now < self._booting_until or self._hung:
            self.witness.counters.lost_bytes += len(data)
            return self._take()
        if b"\r" in data:
            data = data.replace(b"\r", b"\n")
        if not self.config.emergency_parser:
            self._feed(data)
            return self._take()
        for piece, emergency in self._emergency.split(data):
            self._feed(piece)
            if emergency is not None and not self.dead:
                self._act(emergency)
        return self._take()

    def advance(self, now: float) -> bytes:
        self._run(now)
        return self._take()

    def next_event(self) -> float:
        """When `advance` is due at the latest; inf: only bytes can change anything.

        The end of a block that nothing waits for may be noticed late, to spare the process a wake-up per block.
        """
        waited_for = self._execution is not None
        return min(self.planner.until if waited_for else max(self.planner.until, self.now + LATE_S), self._timer)

    def reset(self, now: float, reason: str) -> bytes:
        """Reset button, power cycle or DTR: motion and heat end at once, the banner comes after the boot."""
        self._run(now)
        self._halt()
        self.witness.rest(now, reason)
        self.witness.counters.resets += 1
        self.witness.note("reset", now, reason=reason)
        self._count_intake()
        self._power_on()
        self._hung = False
        self._booting_until = now + self._boot_s
        self.retime()
        return self._take()

    def recover(self, now: float) -> bytes:
        """A person resets the machine locally, having put right what had failed."""
        self.witness.faulted = False
        self.mishaps.job_ended()
        out = self.reset(now, "reset by a person")
        for heater in (self.hotend, self.bed):
            heater.repair(now)
        return out

    def inject(self, fault: Fault, now: float) -> bytes:
        self._run(now)
        self.mishaps.add((fault,))
        if self.witness.episode is not None and self.witness.episode.job:
            self.mishaps.job_under_way(self.witness.episode.job)
            self._check_faults()
        return self._take()

    def clear_bed(self, now: float) -> int:
        self._run(now)
        return self.witness.clear_bed(now)

    def state(self) -> str:
        if self._hung:
            return "hung"
        if self.dead:
            return "killed"
        return "busy" if self._working() else "idle"

    # The flow of time.

    def _run(self, now: float) -> None:
        planner = self.planner
        while True:
            if planner.until <= now and planner.until <= self._timer:
                self.now = planner.until
                self._block_done(planner.finish())
                if self._execution is not None and not self._hung:
                    self._pump()
                elif planner.until == inf:
                    self.retime()
            elif self._timer <= now:
                self.now = max(self.now, self._timer)
                self._tick()
                planner = self.planner
            else:
                break
        self.now = now

    def retime(self) -> None:
        timer = min(self.hotend.trip_at, self.bed.trip_at, self._autoreport_at)
        if self._execution is not None:
            timer = min(timer, self._busy_at, self._report_at)
            if isinstance(self._wait, float):
                timer = min(timer, self._wait)
        elif self.witness.episode is not None and not self._working():
            timer = min(timer, self.witness.episode.last + self._idle_s)
        if -inf < self._booting_until < inf:
            timer = min(timer, self._booting_until)
        self._timer = inf if self._hung or self.dead else timer

    def _tick(self) -> None:
        now = self.now
        if now >= self._booting_until > -inf:
            self._booting_until = -inf
            self.out += reports.BANNER
        for heater in (self.hotend, self.bed):
            if now >= heater.trip_at:
                self.out += heater.runaway().encode()
                self.kill("thermal protection")
        if self.mishaps.armed:
            self._check_faults()
        if now >= self._autoreport_at:
            self._autoreport_at = now + self.autoreport_s
            self.out += b" " + reports.temperatures(self.hotend, self.bed, now) + b"\n"
        if self._execution is not None:
            self._remind(now)
            self._pump()
        elif (
            self.witness.episode is not None and not self._working() and now >= self.witness.episode.last + self._idle_s
        ):
            self.witness.rest(now, "idle")
            self.mishaps.job_ended()
        self.retime()

    def _remind(self, now: float) -> None:
        if now >= self._report_at and self.heat_report is not None:
            self._report_at = now + 1.0
            self.out += self.heat_report.line(self.hotend, self.bed, now, self.speed)
        if now >= self._busy_at:
            self._busy_at = now + self.busy_s
            self.out += b"echo:busy: processing\n"

    # Commands.

    def _feed(self, data: bytes) -> None:
        if self.dead:
            self._ignore(data)
            return
        start, intake = 0, self.intake
        while start < len(data):
            start = intake.feed(data, start)
            if intake.struck:
                self._note_struck()
            if self._execution is None and intake.queue:
                self._pump()
            if self.planner.until <= self.now or self._timer <= self.now:
                self._run(self.now)

    def _pump(self) -> None:
        """Execute what is queued until something has to be waited for."""
        queue = self.intake.queue
        while not self.dead:
            if self._execution is None:
                if not queue:
                    return
                self._begin(queue[0])
                if self._execution is None:
                    continue
            if not self._met():
                self.retime()
                return
            try:
                self._wait = next(self._execution)
            except StopIteration:
                self._execution = None
                self._end_command(queue[0])
                self.retime()

    def _begin(self, command: Command) -> None:
        self.acknowledged = False
        execution = commands.execute(self, command.text)
        if execution is None:
            if not self.dead:
                self._end_command(command)
            return
        try:
            self._wait = next(execution)
        except StopIteration:
            self._end_command(command)
            return
        self._execution = execution
        self._busy_at = self.now + self.busy_s if self.busy_s > 0 else inf
        self._report_at = self.now + 1.0 if self.heat_report is not None else inf

    def _end_command(self, command: Command) -> None:
        self.heat_report = None
        if not self.acknowledged:
            if self.config.advanced_ok:
                self.out += reports.advanced_ok(command.number, self.planner, len(self.intake.queue) - 1)
            else:
                self.out += b"ok\n"
        self.intake.release()

    def _met(self) -> bool:
        wait = self._wait
        if wait is Motion.SLOT:
            return not self.planner.full()
        if isinstance(wait, float):
            return self.now >= wait
        return not self.planner.blocks

    # Physics, and who watches it.

    def active(self, kind: EpisodeKind) -> None:
        """Something heats or moves now."""
        if self.witness.active(self.now, kind) and self.witness.episode is not None:
            self._job_at = self.now
            self._job_moves = self.witness.counters.deposits
            self.mishaps.job_began(self.witness.episode.job)

    def _block_done(self, block: Block) -> None:
        witness = self.witness
        if witness.episode is not None:
            witness.episode.last = self.now
        if block.filament_mm > 0.0:
            begin, end = block.begin, block.end
            if (begin[0] != end[0] or begin[1] != end[1]) and self.hotend.temperature(self.now) >= HOT_C:
                witness.deposit(begin[0], begin[1], end[0], end[1], end[2], block.filament_mm)
        if self.mishaps.armed:
            self._check_faults()

    def _check_faults(self) -> None:
        seconds = (self.now - self._job_at) * self.speed
        moves = self.witness.counters.deposits - self._job_moves
        for fault in self.mishaps.due(Progress(moves, self.witness.height_mm, seconds)):
            self._apply(fault)

    def _apply(self, fault: Fault) -> None:
        self.witness.note("fault", self.now, kind=fault.kind.value)
        match fault.kind:
            case FaultKind.THERMAL_RUNAWAY:
                self.hotend.fail(self.now)
            case FaultKind.DETACH:
                lost = lose_island(self.witness.first_layer, self.config.volume_mm[:2], fault.island)
                if lost is not None:
                    self.witness.losses.append(lost)
            case FaultKind.DISCONNECT:
                self.unplug_s = fault.reconnect_s
            case FaultKind.HANG:
                self._hung = True
                self.witness.faulted = True
            case FaultKind.HARD_LIMIT | FaultKind.CORRUPT_BYTE | FaultKind.LOST_BYTE:
                return
        self.retime()

    def kill(self, reason: str) -> None:
        """Everything off, and deaf until a reset."""
        self.out += b"Error:Printer halted. kill() called!\n"
        self._halt()
        self.dead = True
        self._fault_at = self.now
        self._execution = None
        self.witness.faulted = True
        self.witness.note("killed", self.now, reason=reason)
        self.witness.rest(self.now, f"killed: {reason}")
        self.mishaps.job_ended()
        self._autoreport_at = inf
        self.retime()

    def _halt(self) -> None:
        self.quick_stop()
        self.hotend.set_target(0.0, self.now)
        self.bed.set_target(0.0, self.now)

    def quick_stop(self) -> None:
        """Forget every block; the position is where motion ended."""
        done, place = self.planner.stop(self.now)
        if done is not None:
            self._block_done(done)
        if place is not None:
            self.axes.position = place

    def _act(self, emergency: Emergency) -> None:
        match emergency:
            case Emergency.KILL:
                self.kill("M112")
            case Emergency.QUICK_STOP:
                self.quick_stop()
                self._pump()
            case Emergency.BREAK_WAIT:
                if self.heat_report is not None:
                    self._wait = self.now
                    self.heat_report.broken_off = True
                    self._pump()

    def autoreport(self, interval_s: float) -> None:
        self.autoreport_s = interval_s
        self._autoreport_at = self.now + interval_s if interval_s > 0 else inf
        self.retime()

    def _working(self) -> bool:
        hot = self.hotend.target_c > 0 or self.bed.target_c > 0
        return not self.dead and (hot or bool(self.planner.blocks) or self._execution is not None)

    def _ignore(self, data: bytes) -> None:
        self._deaf += data
        *lines, rest = bytes(self._deaf).split(b"\n")
        self._deaf[:] = rest
        if self.now >= self._fault_at + IN_FLIGHT_S:
            self.witness.counters.after_fault += sum(commands.would_act(line.decode("latin-1")) for line in lines)

    def _note_struck(self) -> None:
        for fault in self.intake.struck:
            self.witness.note("fault", self.now, kind=fault.kind.value)
        self.intake.struck.clear()

    def _count_intake(self) -> None:
        counters = self.witness.counters
        counters.lost_bytes += self.intake.lost_bytes
        counters.resends += self.intake.resends
        self.intake.lost_bytes = self.intake.resends = 0

    def _take(self) -> bytes:
        if self._hung:
            self.out.clear()
        if not self.out:
            return b""
        taken = bytes(self.out)
        self.out.clear()
        return taken
