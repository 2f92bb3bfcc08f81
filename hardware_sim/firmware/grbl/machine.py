"""A Grbl 1.1h router as a pure core: bytes and the time in, bytes out.

`now` is seconds on any steady clock; physics runs `speed` times faster than it. Source: Grbl 1.1h documents
(interface.md, commands.md, settings.md) and, for the order of things, protocol.c, serial.c, limits.c.
Not here: inverse time, parking, tool changers; they answer `error:20`.
"""

from math import inf

from hardware_sim.faults import Fault, FaultKind, Mishaps, Progress
from hardware_sim.firmware import breakdown
from hardware_sim.firmware.config import RouterConfig
from hardware_sim.firmware.fittings import Fittings, note_job
from hardware_sim.firmware.grbl import orders, program, realtime, reports, settings, status
from hardware_sim.firmware.grbl.flavours import dialect
from hardware_sim.firmware.grbl.modal import Modal, Offsets, plus
from hardware_sim.firmware.grbl.reader import Reader
from hardware_sim.firmware.grbl.suspend import Suspension
from hardware_sim.firmware.grbl.table import Table
from hardware_sim.firmware.grbl.tool import Plate
from hardware_sim.firmware.planner import Planner, Point
from hardware_sim.firmware.sheet import Sheet
from hardware_sim.firmware.waits import Execution
from hardware_sim.firmware.wire import Wire
from hardware_sim.firmware.witness import EpisodeKind, Witness

JUNCTION_MM = 0.01
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
        self.restart_at = inf
        """Set by a fault: the supply dips then."""
        self.hung = False
        self.door_open = False
        """The door as it truly stands."""
        self.dialect = dialect(config)
        self.settings = settings.defaults(config)
        self.offsets = Offsets()
        self.table = Table(self.witness, config, speed)
        self.wanted: Fittings = {}
        self.material = ""
        self.wire = Wire()
        self.reader = Reader(self)
        self.out = bytearray()
        self._boot_s = boot_s
        self._idle_s = idle_s
        self._booting_until = inf
        self._fault_at = inf
        self._timer = inf
        self._power_on()

    def _power_on(self) -> None:
        self.alarm = bool(self.settings[settings.HOMING])
        self.check = False
        self._restart()

    def _restart(self) -> None:
        """What a soft reset forgets as well."""
        self.modal = Modal()
        self.planner = Planner(self.dialect.planner_blocks, self.speed, JUNCTION_MM)
        self.critical = False
        self.locks_at = inf
        """A limit was hit, and it will take a reset from then on."""
        self.asleep = False
        self.jogging = False
        self.jog_ends_at = inf
        """A cancelled jog has come to rest."""
        self.homing = False
        self.suspension: Suspension | None = None
        self.status = reports.StatusReport()
        self.overrides = realtime.Overrides()
        self.stalled_until = -inf
        self._status_due = False
        self.reader.forget()
        self.reader = Reader(self)
        self._unheard = bytearray()

    # What the serving process calls.

    def receive(self, data: bytes, now: float) -> bytes:
        self._run(now)
        self._hear(self.wire.pass_on(data))
        return self._take()

    def advance(self, now: float) -> bytes:
        self._run(now)
        return self._take()

    def next_event(self) -> float:
        """When `advance` is due at the latest; inf: only bytes can change anything.

        The end of a block that nothing waits for may be noticed late, to spare the process a wake-up per block.
        """
        waited_for = self.reader.execution is not None
        return min(self.planner.until if waited_for else max(self.planner.until, self.now + LATE_S), self._timer)

    def reset(self, now: float, reason: str) -> bytes:
        """Power cycle or DTR: position and modes are forgotten, settings and work offsets kept."""
        self._run(now)
        self._lose_power(reason)
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
            self._run(now)
        return self._take()

    def clear_bed(self, now: float) -> int:
        self._run(now)
        self.table.clamp(None)
        return self.witness.clear_bed(now)

    def load_sheet(self, sheet: Sheet, now: float, material: str = "") -> None:
        self._run(now)
        self.table.clamp(sheet)
        self.material = material

    def fit_tool(self, length_mm: float, diameter_mm: float, now: float) -> None:
        self._run(now)
        self.table.tool.length_mm, self.table.tool.diameter_mm = length_mm, diameter_mm

    def lay_probe_plate(self, thickness_mm: float, now: float) -> None:
        self._run(now)
        self.table.plate = Plate.on(self.table.sheet, thickness_mm, self.table.bed_mm())

    def take_probe_plate(self, now: float) -> None:
        self._run(now)
        self.table.plate = None

    def open_door(self, now: float) -> bytes:
        self._run(now)
        self.door_open = True
        if self.config.door_switch and not self.hung:
            orders.suspend(self, door=True)
            self.catch_up()
        return self._take()

    def close_door(self, now: float) -> bytes:
        self._run(now)
        self.door_open = False
        return self._take()

    def press_button(self, now: float) -> bytes:
        """A person presses cycle start at the machine: a hold ends, as by `~`."""
        self._run(now)
        if not (self.hung or self.critical):
            orders.act(self, realtime.CYCLE_START)
            self.catch_up()
        return self._take()

    def door_ajar(self) -> bool:
        """As the firmware knows it."""
        return self.door_open and self.config.door_switch

    def book(self, now: float) -> None:
        """Count the spindle's time up to now."""
        self._run(now)
        self.table.book(now)

    def fitted(self) -> Fittings:
        sheet = self.table.sheet
        fitted: Fittings = {"material": self.material, "tool_mm": self.table.tool.diameter_mm}
        return fitted if sheet is None else {**fitted, "thickness_mm": sheet.thickness}

    def details(self) -> dict[str, str | float | bool | None]:
        x, y, z = self.table.true_position()
        return {
            "door_open": self.door_open,
            "spindle": self.table.spindle != 5,
            "tool_mm": self.table.tool.diameter_mm,
            "tool_length_mm": self.table.tool.length_mm,
            "probe_plate": self.table.plate is not None,
            "true_x": round(x, 3),
            "true_y": round(y, 3),
            "true_z": round(z, 3),
        }

    def state(self) -> str:
        if self.hung:
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

    def catch_up(self) -> None:
        """What is due at this very time, so that the output doesn't depend on how bytes are cut up."""
        if self.planner.until <= self.now or self._timer <= self.now:
            self._run(self.now)

    def _lose_power(self, reason: str) -> None:
        self.halt()
        self.witness.rest(self.now, reason)
        self.witness.counters.resets += 1
        self.witness.note("reset", self.now, reason=reason)
        self.table.forget_position()
        self._power_on()
        self.hung = False
        self.restart_at = inf
        self._booting_until = self.now + self._boot_s
        self.retime()

    def _after_block(self) -> None:
        if self.mishaps.armed:
            self._check_faults()
        if not self.planner.blocks:
            self.jogging = False
        if self.hung:
            return
        if self.reader.execution is not None:
            self.reader.pump()
        if not self.planner.blocks:
            self.retime()

    def retime(self) -> None:
        timer = self.reader.next_at()
        if timer == inf and self.witness.episode is not None and not self._working():
            timer = self.witness.episode.last + self._idle_s
        if self.suspension is not None:
            timer = min(timer, self.suspension.next_at)
        if -inf < self._booting_until < inf:
            timer = min(timer, self._booting_until)
        timer = min(timer, self.jog_ends_at, self.wire.until, self.restart_at, self.locks_at)
        self._timer = inf if self.hung else timer

    def _tick(self) -> None:
        now = self.now
        if now >= self.restart_at:
            self._lose_power("brown-out")
            return
        if now >= self._booting_until > -inf:
            self._booting_until = -inf
            self.greet()
        if now >= self.wire.until:
            self._hear(self.wire.arrive())
        if now >= self.jog_ends_at:
            orders.end_jog(self)
        if now >= self.locks_at:
            self.locks_at = inf
            self.out += self.dialect.reset_to_continue()
        if self.suspension is not None and now >= self.suspension.next_at:
            self.suspension.step(self)
        if self.mishaps.armed:
            self._check_faults()
        episode = self.witness.episode
        if self.reader.execution is not None:
            self.reader.pump()
        elif episode is not None and not self._working() and now >= episode.last + self._idle_s:
            self.witness.rest(now, "idle")
            self.mishaps.job_ended()
        self.retime()

    def greet(self) -> None:
        self.out += self.dialect.banner
        if self.alarm:
            self.out += self.dialect.say(reports.UNLOCK)
        elif self.door_ajar():
            orders.suspend(self, door=True)

    # Lines.

    def takes_lines(self) -> bool:
        stopped = self.critical or self.asleep or self.suspension is not None
        return not stopped and self.jog_ends_at == inf

    def _hear(self, data: bytes) -> None:
        """Bytes that have arrived."""
        for piece, command in realtime.split(data):
            if self.deaf():
                self.witness.counters.lost_bytes += len(piece) + (command is not None)
                continue
            if piece:
                if self.witness.faulted:
                    self._watch_offences(piece)
                self.reader.feed(piece)
            if command is not None and not self.deaf():
                orders.act(self, command)
                self.catch_up()

    def deaf(self) -> bool:
        return self.now < self._booting_until or self.now < self.stalled_until or self.hung

    def eeprom_write(self) -> Execution:
        """The processor stands still; what arrives meanwhile is lost."""
        self.stalled_until = self.now + self.config.eeprom_stall_s
        yield self.stalled_until

    def soft_reset(self) -> None:
        """0x18: at standstill a clean end; in motion the position is lost."""
        slowing = self.suspension is not None and self.suspension.slowing(self.now)
        if self.planner.moving() or self.homing or slowing or self.jog_ends_at < inf:
            self.raise_alarm(6 if self.homing else 3, "reset in motion")
        self.halt()
        self.alarm = self.alarm or self.asleep
        self.check = False
        self._restart()
        self.modal.position = self.table.believed
        self.greet()
        self.retime()

    # What is reported.

    def report(self) -> None:
        self.out += self.status.line(status.snapshot(self), int(self.settings[settings.STATUS_MASK]))

    def ask_status(self) -> None:
        """`?`: homing has no time for it."""
        self._status_due = self.homing
        if not self.homing:
            self.report()

    def rx_free(self) -> int:
        """Free characters of the receive buffer, as `Bf:` has it."""
        return self.dialect.rx_bytes - self.reader.waiting_bytes

    def answer_waiting_status(self) -> None:
        """Homing has no time for reports; one comes after it."""
        if self._status_due:
            self._status_due = False
            self.report()

    # Physics, and who watches it.

    def active(self, kind: EpisodeKind) -> None:
        if self.witness.active(self.now, kind) and self.witness.episode is not None:
            note_job(self.witness, self.now, self.wanted, self.fitted())
            self.table.job_began(self.now)
            self.mishaps.job_began(self.witness.episode.job)

    def work_offset(self) -> Point:
        return self.offset_of(self.modal)

    def offset_of(self, modal: Modal) -> Point:
        """From work to machine coordinates, tool length and all."""
        length = (0.0, 0.0, modal.tool_length_mm)
        return plus(plus(self.offsets.wcs[modal.wcs], modal.g92), length)

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

    def raise_alarm(self, code: int, reason: str, *, forgets: bool = True) -> None:
        """`forgets`: the line under execution is never answered."""
        self.halt()
        self.alarm = True
        self.out += self.dialect.alarm(code)
        if code in (1, 3, 6, 7):
            self.table.lose_steps()
        self.critical = code in (1, 2)
        if self.critical:
            self.locks_at = self.now + self.dialect.alarm_pause_s
        if forgets:
            self.reader.forget()
        self.suspension = None
        self.jogging = self.homing = False
        self.jog_ends_at = inf
        self.witness.faulted = True
        self._fault_at = self.now
        self.witness.note("alarm", self.now, code=code, reason=reason)
        self.witness.rest(self.now, f"alarm {code}: {reason}")
        self.mishaps.job_ended()
        self.retime()

    def _working(self) -> bool:
        busy = bool(self.planner.blocks) or self.reader.execution is not None or self.suspension is not None
        return busy or self.table.spindle != 5

    def _check_faults(self) -> None:
        moves, depth_mm, seconds = self.table.progress(self.now)
        for fault in self.mishaps.due(Progress(moves, depth_mm, seconds)):
            self._apply(fault)

    def _apply(self, fault: Fault) -> None:
        self.witness.note("fault", self.now, kind=fault.kind.value)
        if not breakdown.apply(self, fault):
            match fault.kind:
                case FaultKind.HARD_LIMIT:
                    self.raise_alarm(1, "hard limit")
                case FaultKind.SHEET_SLIPS:
                    self.table.slide(fault.how_much())
                case _:
                    raise ValueError(f"{fault.kind}: no fault of a router")
        self.retime()

    def _watch_offences(self, data: bytes) -> None:
        self._unheard += data
        *lines, rest = bytes(self._unheard).split(b"\n")
        self._unheard[:] = rest
        if self.now >= self._fault_at + IN_FLIGHT_S:
            self.witness.counters.after_fault += sum(program.would_act(line.decode("latin-1")) for line in lines)

    def _take(self) -> bytes:
        if self.hung:
            self.out.clear()
        if not self.out:
            return b""
        taken = bytes(self.out)
        self.out.clear()
        return taken
