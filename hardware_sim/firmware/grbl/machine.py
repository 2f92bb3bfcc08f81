"""A Grbl 1.1h router as a pure core: bytes and the time in, bytes out.

`now` is seconds on any steady clock; physics runs `speed` times faster than it. Source: Grbl 1.1h documents
(interface.md, commands.md, settings.md) and, for the order of things, protocol.c, serial.c, limits.c.
Not here: probing, tool length offsets, inverse time, parking, laser mode; they answer `error:20`.
"""

from math import inf

from hardware_sim.faults import Fault, FaultKind, Mishaps, Progress
from hardware_sim.firmware.config import RouterConfig
from hardware_sim.firmware.grbl import program, realtime, reports, settings, status, system
from hardware_sim.firmware.grbl.errors import Code, GrblError
from hardware_sim.firmware.grbl.modal import Modal, Offsets, plus
from hardware_sim.firmware.grbl.suspend import Suspension
from hardware_sim.firmware.grbl.table import Table
from hardware_sim.firmware.planner import Planner, Point
from hardware_sim.firmware.sheet import Sheet
from hardware_sim.firmware.waits import Execution, Motion, Wait
from hardware_sim.firmware.witness import EpisodeKind, Witness

PLANNER_BLOCKS = 15
JUNCTION_MM = 0.01
LINE_LENGTH = 79
RX_USABLE = 127
LATE_S = 0.02
IN_FLIGHT_S = 0.5
"""Real seconds in which the host may not have read of a fault yet: what it sends by then is no offence."""


class Grbl:
    def __init__(self, config: RouterConfig, mishaps: Mishaps, *, speed: float, boot_s: float, idle_s: float) -> None:
        self.config = config
        self.mishaps = mishaps
        self.witness = Witness(splits_setup=True)
        self.speed = speed
        self.now = 0.0
        self.unplug_s: float | None = None
        self.settings = settings.defaults(config.travel_mm, config.homing)
        self.offsets = Offsets()
        self.table = Table(self.witness, config.tool_diameter_mm / 2, config.travel_mm, speed)
        self.out = bytearray()
        self._boot_s = boot_s
        self._idle_s = idle_s
        self._hung = False
        self._booting_until = inf
        self._fault_at = inf
        self._timer = inf
        self.planner = Planner(PLANNER_BLOCKS, speed, JUNCTION_MM)
        self._power_on()

    def _power_on(self) -> None:
        self.alarm = bool(self.settings[settings.HOMING])
        self.check = False
        self._restart()

    def _restart(self) -> None:
        """What a soft reset forgets as well."""
        self.modal = Modal()
        self.planner = Planner(PLANNER_BLOCKS, self.speed, JUNCTION_MM)
        self.critical = False
        self.jogging = False
        self.homing = False
        self.suspension: Suspension | None = None
        self.status = reports.StatusReport()
        self.overrides = realtime.Overrides()
        self.stalled_until = -inf
        self._status_due = False
        self._rx = bytearray()
        self._line = bytearray()
        self._deaf = bytearray()
        self._execution: Execution | None = None
        self._wait: Wait = 0.0

    # What the serving process calls.

    def receive(self, data: bytes, now: float) -> bytes:
        self._run(now)
        if now < self._booting_until or now < self.stalled_until or self._hung:
            self.witness.counters.lost_bytes += len(data)
            return self._take()
        for piece, command in realtime.split(data):
            if piece:
                self._feed(piece)
            if command is not None:
                self._act(command)
                self._catch_up()
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
        """Power cycle or DTR: position and modes are forgotten, settings and work offsets kept."""
        self._run(now)
        self.halt()
        self.witness.rest(now, reason)
        self.witness.counters.resets += 1
        self.witness.note("reset", now, reason=reason)
        self.table.forget_position()
        self._power_on()
        self._hung = False
        self._booting_until = now + self._boot_s
        self.retime()
        return self._take()

    def recover(self, now: float) -> bytes:
        self.witness.faulted = False
        self._fault_at = inf
        self.mishaps.job_ended()
        return self.reset(now, "reset by a person")

    def inject(self, fault: Fault, now: float) -> bytes:
        self._run(now)
        self.mishaps.add((fault,))
        if self.witness.episode is not None and self.witness.episode.job:
            self.mishaps.job_under_way(self.witness.episode.job)
            self._check_faults()
        return self._take()

    def clear_bed(self, now: float) -> int:
        self._run(now)
        self.table.sheet = None
        return self.witness.clear_bed(now)

    def load_sheet(self, sheet: Sheet, now: float) -> None:
        self._run(now)
        self.table.sheet = sheet

    def state(self) -> str:
        if self._hung:
            return "hung"
        if self.critical:
            return "alarm"
        return "busy" if self._working() else "idle"

    # The flow of time.

    def _run(self, now: float) -> None:
        while True:
            if self.planner.until <= now and self.planner.until <= self._timer:
                self.now = self.planner.until
                self.table.done(self.planner.finish(), self.now)
                self._after_block()
            elif self._timer <= now:
                self.now = max(self.now, self._timer)
                self._tick()
            else:
                break
        self.now = now

    def _catch_up(self) -> None:
        """What is due at this very time, so that the output doesn't depend on how bytes are cut up."""
        if self.planner.until <= self.now or self._timer <= self.now:
            self._run(self.now)

    def _after_block(self) -> None:
        if self.mishaps.armed:
            self._check_faults()
        if not self.planner.blocks:
            self.jogging = False
        if self._hung:
            return
        if self._execution is not None:
            self._pump()
        if not self.planner.blocks:
            self.retime()

    def retime(self) -> None:
        timer = inf
        if self._execution is not None and isinstance(self._wait, float):
            timer = self._wait
        elif self.witness.episode is not None and not self._working():
            timer = self.witness.episode.last + self._idle_s
        if self.suspension is not None:
            timer = min(timer, self.suspension.next_at)
        if -inf < self._booting_until < inf:
            timer = min(timer, self._booting_until)
        self._timer = inf if self._hung else timer

    def _tick(self) -> None:
        now = self.now
        if now >= self._booting_until > -inf:
            self._booting_until = -inf
            self.greet()
        if self.suspension is not None and now >= self.suspension.next_at:
            self.suspension.step(self)
        if self.mishaps.armed:
            self._check_faults()
        episode = self.witness.episode
        if self._execution is not None:
            self._pump()
        elif episode is not None and not self._working() and now >= episode.last + self._idle_s:
            self.witness.rest(now, "idle")
            self.mishaps.job_ended()
        self.retime()

    def greet(self) -> None:
        self.out += reports.BANNER
        if self.alarm:
            self.out += reports.UNLOCK

    # Lines.

    def _reading(self) -> bool:
        return self._execution is None and not self.critical and self.suspension is None

    def _feed(self, data: bytes) -> None:
        if self.witness.faulted:
            self._watch_offences(data)
        start = 0
        while start < len(data):
            if self.now < self.stalled_until:
                self.witness.counters.lost_bytes += len(data) - start
                return
            if self._reading():
                start = self._read(data, start)
                self._catch_up()
                continue
            room = max(0, RX_USABLE - len(self._rx))
            self._rx += data[start : start + room]
            self.witness.counters.lost_bytes += max(0, len(data) - start - room)
            return

    def _read(self, data: bytes, start: int) -> int:
        """Take bytes up to a line's end, and carry that line out; returns how far it got."""
        ends = [at for at in (data.find(b"\n", start), data.find(b"\r", start)) if at >= 0]
        if not ends:
            self._line += data[start:]
            return len(data)
        cut = min(ends)
        line = bytes(self._line) + data[start:cut]
        self._line.clear()
        self._execute(line)
        return cut + 1

    def resume_reading(self) -> None:
        """Go on with what waits in the RX buffer."""
        while self._rx and self._reading():
            waiting = bytes(self._rx)
            self._rx.clear()
            used = self._read(waiting, 0)
            self._rx += waiting[used:]

    def _execute(self, line: bytes) -> None:
        if self.mishaps.bytes_armed:
            line, fault = self.mishaps.strike_line(line)
            if fault is not None:
                self.witness.note("fault", self.now, kind=fault.kind.value)
        text = program.stripped(line.decode("latin-1"))
        try:
            if len(text) > LINE_LENGTH:
                raise GrblError(Code.LINE_TOO_LONG)
            if not text:
                execution = None
            elif text[0] == "$":
                execution = system.execute(self, text)
            elif self.alarm or self.jogging:
                raise GrblError(Code.LOCKED)
            else:
                execution = program.execute(self, text)
        except GrblError as error:
            self.out += f"error:{error.code.value}\r\n".encode()
            return
        if execution is None:
            self.out += b"ok\r\n"
            return
        self._execution = execution
        self._wait = -inf
        self._pump()

    def _pump(self) -> None:
        while self._execution is not None and self._met():
            try:
                self._wait = next(self._execution)
            except StopIteration:
                self._execution = None
                self.out += b"ok\r\n"
                self.resume_reading()
            except GrblError as error:
                self._execution = None
                self.out += f"error:{error.code.value}\r\n".encode()
                self.resume_reading()
        self.retime()

    def _met(self) -> bool:
        wait = self._wait
        if wait is Motion.SLOT:
            return not self.planner.full()
        if wait is Motion.STILL:
            return not self.planner.blocks
        if wait is Motion.FREE:
            return self.suspension is None
        return isinstance(wait, float) and self.now >= wait

    def go_on(self) -> None:
        """After a hold: the line under execution, then what waits in the RX buffer."""
        self._pump()
        self.resume_reading()
        self.retime()

    def eeprom_write(self) -> Execution:
        """The processor stands still; what arrives meanwhile is lost."""
        self.stalled_until = self.now + self.config.eeprom_stall_s
        yield self.stalled_until

    # Realtime bytes.

    def _act(self, command: int) -> None:
        if command == realtime.RESET:
            self.soft_reset()
        elif self.critical:
            return
        elif command == realtime.STATUS:
            self._status_due = self.homing
            if not self.homing:
                self.report()
        elif command == realtime.FEED_HOLD:
            self.suspend(door=False)
        elif command == realtime.DOOR:
            self.suspend(door=True)
        elif command == realtime.CYCLE_START:
            if self.suspension is not None:
                self.suspension.resume(self)
        else:
            self._act_rarely(command)

    def _act_rarely(self, command: int) -> None:
        if command == realtime.JOG_CANCEL:
            if self.jogging:
                self.cancel_jog()
        elif command == realtime.SPINDLE_STOP:
            if self.suspension is not None:
                self.suspension.toggle_spindle(self)
        else:
            self.overrides.act(command)

    def suspend(self, *, door: bool) -> None:
        """Feed hold or safety door; in a jog a hold ends the jog."""
        if self.alarm or self.check:
            return
        if self.homing:
            if door:
                self.raise_alarm(7, "door opened while homing")
            return
        if self.jogging and not door:
            self.cancel_jog()
            return
        if self.suspension is not None:
            if door:
                self.suspension.open_door(self)
        else:
            self.suspension = Suspension.begin(self, door=door)
        self.retime()

    def cancel_jog(self) -> None:
        self.stop_motion()
        self.jogging = False
        self._execution = None
        self.resume_reading()
        self.retime()

    def soft_reset(self) -> None:
        """0x18: at standstill a clean end; in motion the position is lost."""
        if self.planner.moving() or self.homing or (self.suspension is not None and self.suspension.slowing(self.now)):
            self.raise_alarm(6 if self.homing else 3, "reset in motion")
        self.halt()
        self.check = False
        self._restart()
        self.modal.position = self.table.believed
        self.greet()
        self.retime()

    def report(self) -> None:
        self.out += self.status.line(status.snapshot(self), int(self.settings[settings.STATUS_MASK]))

    def rx_free(self) -> int:
        """Free characters of the receive buffer, as `Bf:` has it."""
        return reports.RX_BYTES - len(self._rx)

    def answer_waiting_status(self) -> None:
        """Homing has no time for reports; one comes after it."""
        if self._status_due:
            self._status_due = False
            self.report()

    # Physics, and who watches it.

    def active(self, kind: EpisodeKind) -> None:
        if self.witness.active(self.now, kind) and self.witness.episode is not None:
            self.table.job_began(self.now)
            self.mishaps.job_began(self.witness.episode.job)

    def work_offset(self) -> Point:
        return plus(self.offsets.wcs[self.modal.wcs], self.modal.g92)

    def stop_motion(self) -> None:
        done, place = self.planner.stop(self.now)
        if done is not None:
            self.table.done(done, self.now)
        if place is not None:
            self.table.believed = place
        self.modal.position = self.table.believed

    def halt(self) -> None:
        """Motion and spindle end at once."""
        self.stop_motion()
        self.table.turn(5, self.now)

    def raise_alarm(self, code: int, reason: str) -> None:
        self.halt()
        self.alarm = True
        self.out += f"ALARM:{code}\r\n".encode()
        if code in (1, 3, 6, 7):
            self.table.lose_steps()
        self.critical = code in (1, 2)
        if self.critical:
            self.out += b"[MSG:Reset to continue]\r\n"
        self._execution = None
        self.suspension = None
        self.jogging = self.homing = False
        self.witness.faulted = True
        self._fault_at = self.now
        self.witness.note("alarm", self.now, code=code, reason=reason)
        self.witness.rest(self.now, f"alarm {code}: {reason}")
        self.mishaps.job_ended()
        self.retime()

    def _working(self) -> bool:
        busy = bool(self.planner.blocks) or self._execution is not None or self.suspension is not None
        return busy or self.table.spindle != 5

    def _check_faults(self) -> None:
        moves, depth_mm, seconds = self.table.progress(self.now)
        for fault in self.mishaps.due(Progress(moves, depth_mm, seconds)):
            self._apply(fault)

    def _apply(self, fault: Fault) -> None:
        self.witness.note("fault", self.now, kind=fault.kind.value)
        match fault.kind:
            case FaultKind.HARD_LIMIT:
                self.raise_alarm(1, "hard limit")
            case FaultKind.DISCONNECT:
                self.unplug_s = fault.reconnect_s
            case FaultKind.HANG:
                self._hung = True
                self.witness.faulted = True
            case FaultKind.THERMAL_RUNAWAY | FaultKind.DETACH | FaultKind.CORRUPT_BYTE | FaultKind.LOST_BYTE:
                return
        self.retime()

    def _watch_offences(self, data: bytes) -> None:
        self._deaf += data
        *lines, rest = bytes(self._deaf).split(b"\n")
        self._deaf[:] = rest
        if self.now >= self._fault_at + IN_FLIGHT_S:
            self.witness.counters.after_fault += sum(program.would_act(line.decode("latin-1")) for line in lines)

    def _take(self) -> bytes:
        if self._hung:
            self.out.clear()
        if not self.out:
            return b""
        taken = bytes(self.out)
        self.out.clear()
        return taken
