"""A Marlin-like printer as a pure core: bytes and the time in, bytes out.

`now` is seconds on any steady clock; physics runs `speed` times faster than it, keep-alive and reports don't.
`receive` and `advance` may be called in any rhythm: the same bytes at the same times give the same output.
Source: Marlin 2.1 documents and configuration; what is not here answers `echo:Unknown command`.
"""

from math import inf

from hardware_sim.faults import Fault, Mishaps, Progress
from hardware_sim.firmware.config import PrinterConfig
from hardware_sim.firmware.every import Every
from hardware_sim.firmware.filament import Feed
from hardware_sim.firmware.fittings import Fittings, note_job
from hardware_sim.firmware.heater import BED, HOTEND, Heater
from hardware_sim.firmware.marlin import commands, extrusion, pausing, reports, steppers
from hardware_sim.firmware.marlin.axes import Axes
from hardware_sim.firmware.marlin.eeprom import Eeprom
from hardware_sim.firmware.marlin.emergency import Emergency, EmergencyParser, Order
from hardware_sim.firmware.marlin.hostui import HostUI
from hardware_sim.firmware.marlin.intake import Intake
from hardware_sim.firmware.marlin.objects import Objects
from hardware_sim.firmware.marlin.runner import Runner
from hardware_sim.firmware.planner import Block, Planner
from hardware_sim.firmware.wire import Wire
from hardware_sim.firmware.witness import EpisodeKind, Witness

PLANNER_BLOCKS = 15
"""One less than BLOCK_BUFFER_SIZE, as moves_free() has it."""
LATE_S = 0.02
IN_FLIGHT_S = 0.5
"""Real seconds in which the host may not have read of a fault yet: what it sends by then is no offence."""


class Marlin:
    def __init__(self, config: PrinterConfig, mishaps: Mishaps, *, speed: float, boot_s: float, idle_s: float) -> None:
        self.config = config
        self.codes = commands.codes_of(config)
        self.mishaps = mishaps
        self.witness = Witness(splits_setup=False)
        self.speed = speed
        self.now = 0.0
        self.unplug_s: float | None = None
        """Set by a fault: the serving process is to pull the cable, for so many seconds."""
        self.restart_at = inf
        """Set by a fault: the supply dips then."""
        self.hung = False
        self.hotend = Heater(HOTEND, speed)
        self.bed = Heater(BED, speed)
        self.feed = Feed()
        self.eeprom = Eeprom()
        self.wanted: Fittings = {}
        self.wire = Wire()
        self.out = bytearray()
        self._boot_s = boot_s
        self._idle_s = idle_s
        self._job_at = 0.0
        self._job_moves = 0
        self._booting_until = inf
        self._power_on()

    def _power_on(self) -> None:
        limits, self._settings_said = self.eeprom.boot()
        self.axes = Axes(self.config.volume_mm, limits)
        self.planner = Planner(PLANNER_BLOCKS, self.speed, limits.junction_mm)
        self.intake = Intake(self.config, self.mishaps, self.out)
        self.host = HostUI(self.out, actions=self.config.host_actions, prompts=self.config.prompt_support)
        self.attention = pausing.Attention()
        self.objects = Objects()
        self.steppers = steppers.Steppers()
        self.fan = 0
        """0 to 255, as in M106."""
        self.percent = 0
        """What M73 said last."""
        self.dead = False
        self._deaf = bytearray()
        self._fault_at = inf
        self.heat_reports = Every()
        self.position_reports = Every()
        self.runner = Runner(self)
        self._emergency = EmergencyParser()
        self._timer = inf
        self.hotend.resting = False

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
        waited_for = self.runner.execution is not None
        return min(self.planner.until if waited_for else max(self.planner.until, self.now + LATE_S), self._timer)

    def reset(self, now: float, reason: str) -> bytes:
        """Reset button, power cycle or DTR: motion and heat end at once, the banner comes after the boot."""
        self._run(now)
        self._restart(reason)
        return self._take()

    def recover(self, now: float) -> bytes:
        """A person resets the machine locally, having put right what had failed."""
        self.witness.faulted = False
        self.mishaps.job_ended()
        out = self.reset(now, "reset by a person")
        for heater in (self.hotend, self.bed):
            heater.repair(now)
        self.feed.jammed = False
        return out

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
        return self.witness.clear_bed(now)

    def press_button(self, now: float) -> bytes:
        """A person presses the knob: whatever waits for a person goes on."""
        self._run(now)
        pausing.pressed(self)
        self.runner.pump()
        return self._take()

    def choose(self, entry: pausing.MenuEntry, now: float) -> bytes:
        """A person chooses this in the display's menu."""
        self._run(now)
        pausing.choose(self, entry)
        self.runner.pump()
        return self._take()

    def load_spool(self, material: str, colour: str, grams: float, now: float) -> None:
        self._run(now)
        self.feed.load(material, colour, grams)

    def fit_nozzle(self, diameter_mm: float, now: float) -> None:
        self._run(now)
        self.feed.nozzle_mm = diameter_mm

    def book(self, now: float) -> None:
        """Bring the truth up to now."""
        self._run(now)

    def fitted(self) -> Fittings:
        spool = self.feed.spool
        return {"material": spool.material, "colour": spool.colour, "nozzle_mm": self.feed.nozzle_mm}

    def details(self) -> dict[str, str | float | bool | None]:
        left = self.feed.spool.grams()
        return {
            "fan": self.fan,
            "percent": self.percent,
            "awaits_person": not self.attention.satisfied(),
            "hotend_target_c": self.hotend.target_c,
            "bed_target_c": self.bed.target_c,
            "hotend_c": round(self.hotend.temperature(self.now), 1),
            "bed_c": round(self.bed.temperature(self.now), 1),
            "z_held": self.steppers.holding,
            "spool_grams": None if left == inf else round(left, 2),
            "filament_out": self.feed.out,
        }

    def state(self) -> str:
        if self.hung:
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
                self.block_done(planner.finish())
                if self.runner.execution is not None and not self.hung:
                    self.runner.pump()
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
        timer = min(self.hotend.trip_at, self.bed.trip_at, self.heat_reports.at, self.position_reports.at)
        if not self.planner.blocks:
            timer = min(timer, self.steppers.release_at())
        if self.runner.execution is not None:
            timer = min(timer, self.runner.next_at())
        elif self.runner.injected:
            timer = self.now
        elif self.witness.episode is not None and not self._working():
            timer = min(timer, self.witness.episode.last + self._idle_s)
        if -inf < self._booting_until < inf:
            timer = min(timer, self._booting_until)
        if self.dead:
            timer = inf
        self._timer = inf if self.hung else min(timer, self.wire.until, self.restart_at)

    def _tick(self) -> None:
        now = self.now
        if now >= self.restart_at:
            self._restart("brown-out")
            return
        if now >= self._booting_until > -inf:
            self._booting_until = -inf
            self.out += reports.BANNER + self._settings_said
        if now >= self.wire.until:
            self._hear(self.wire.arrive())
        for heater in (self.hotend, self.bed):
            if now >= heater.trip_at:
                self.out += heater.runaway().encode()
                self.kill("thermal protection")
        if self.mishaps.armed:
            self._check_faults()
        self._report(now)
        if self.runner.execution is not None:
            self.runner.remind(now)
            self.runner.pump()
        elif self.runner.injected:
            self.runner.pump()
        elif (
            self.witness.episode is not None and not self._working() and now >= self.witness.episode.last + self._idle_s
        ):
            self.witness.rest(now, "idle")
            self.mishaps.job_ended()
        self.retime()

    def _report(self, now: float) -> None:
        """What comes by itself, and motors that have been idle for long."""
        if self.heat_reports.due(now):
            self.out += b" " + reports.temperatures(self.hotend, self.bed, now) + b"\n"
        if self.position_reports.due(now):
            self.out += self.position()
        if now >= self.steppers.release_at() and not self.planner.blocks:
            if self.attention.paused:
                self.steppers.moved_at = now
            else:
                steppers.release(self)

    def position(self) -> bytes:
        """M114's line."""
        axes = self.axes
        now = self.planner.motion(self.now)
        origin, place = axes.origin, axes.position
        shown = (place[0] - origin[0], place[1] - origin[1], place[2] - origin[2])
        return reports.position(shown, axes.e, place if now is None else now[0], axes.limits.steps)

    def _restart(self, reason: str) -> None:
        self._halt()
        self.witness.rest(self.now, reason)
        self.witness.counters.resets += 1
        self.witness.note("reset", self.now, reason=reason)
        self._count_intake()
        self._power_on()
        self.hung = False
        self.restart_at = inf
        self._booting_until = self.now + self._boot_s
        self.retime()

    # Commands.

    def _hear(self, data: bytes) -> None:
        """Bytes that have arrived."""
        if self.now < self._booting_until or self.hung:
            self.witness.counters.lost_bytes += len(data)
            return
        if b"\r" in data:
            data = data.replace(b"\r", b"\n")
        if not self.config.emergency_parser:
            self._feed(data)
            return
        for piece, order in self._emergency.split(data):
            self._feed(piece)
            if order is not None and not self.dead:
                self._act(order)

    def _feed(self, data: bytes) -> None:
        if self.dead:
            self._ignore(data)
            return
        start, intake = 0, self.intake
        while start < len(data):
            start = intake.feed(data, start)
            if intake.orders:
                self.obey()
            if self.runner.execution is None and intake.queue:
                self.runner.pump()
            if self.planner.until <= self.now or self._timer <= self.now:
                self._run(self.now)
            if self._stopped(data[start:]):
                return

    def _stopped(self, rest: bytes) -> bool:
        """Whether what was heard has ended all hearing: the rest is lost on a dead or restarting board."""
        if self.now < self._booting_until:
            self.witness.counters.lost_bytes += len(rest)
            return True
        if self.dead:
            self._ignore(rest)
        return self.dead

    def obey(self) -> None:
        """Emergencies that the queue's reader found."""
        orders, self.intake.orders = self.intake.orders, []
        for order in orders:
            if not self.dead:
                self._act(order)

    def inject_command(self, text: str) -> None:
        """The firmware's own command, carried out next."""
        self.runner.inject(text)
        self._timer = self.now

    # Physics, and who watches it.

    def active(self, kind: EpisodeKind) -> None:
        """Something heats or moves now."""
        if self.witness.active(self.now, kind) and self.witness.episode is not None:
            self._job_at = self.now
            self._job_moves = self.witness.counters.deposits
            note_job(self.witness, self.now, self.wanted, self.fitted())
            self.mishaps.job_began(self.witness.episode.job)

    def block_done(self, block: Block) -> None:
        """A block, or part of one, has been driven."""
        witness, motors = self.witness, self.steppers
        motors.holding, motors.moved_at = True, self.now
        if witness.episode is not None:
            witness.episode.last = self.now
        if block.filament_mm:
            extrusion.moved(self, block)
        if self.mishaps.armed:
            self._check_faults()

    def _check_faults(self) -> None:
        seconds = (self.now - self._job_at) * self.speed
        moves = self.witness.counters.deposits - self._job_moves
        for fault in self.mishaps.due(Progress(moves, self.witness.height_mm, seconds)):
            extrusion.apply(self, fault)
            self.retime()

    def kill(self, reason: str) -> None:
        """Everything off, and deaf until a reset."""
        self.out += b"Error:Printer halted. kill() called!\n"
        self.host.action("poweroff")
        self._halt()
        self.dead = True
        self._fault_at = self.now
        self.runner.execution = None
        self.witness.faulted = True
        self.witness.note("killed", self.now, reason=reason)
        self.witness.rest(self.now, f"killed: {reason}")
        self.mishaps.job_ended()
        self.heat_reports, self.position_reports = Every(), Every()
        self.retime()

    def _halt(self) -> None:
        self.quick_stop()
        self.hotend.set_target(0.0, self.now)
        self.bed.set_target(0.0, self.now)

    def quick_stop(self) -> None:
        """Forget every block; the position is where motion ended."""
        done, place = self.planner.stop(self.now)
        if done is not None:
            self.block_done(done)
        if place is not None:
            self.axes.position = place

    def _act(self, order: Order) -> None:
        match order.what:
            case Emergency.KILL:
                self.kill("M112")
            case Emergency.QUICK_STOP:
                self.quick_stop()
            case Emergency.BREAK_WAIT:
                pausing.answered(self)
                self.runner.break_off_heating()
            case Emergency.PROMPT:
                if self.config.prompt_support:
                    pausing.respond(self, order.button)
        self.runner.pump()

    def _working(self) -> bool:
        hot = self.hotend.target_c > 0 or self.bed.target_c > 0
        return not self.dead and (hot or bool(self.planner.blocks) or self.runner.execution is not None)

    def _ignore(self, data: bytes) -> None:
        self._deaf += data
        *lines, rest = bytes(self._deaf).split(b"\n")
        self._deaf[:] = rest
        if self.now >= self._fault_at + IN_FLIGHT_S:
            self.witness.counters.after_fault += sum(commands.would_act(line.decode("latin-1")) for line in lines)

    def _count_intake(self) -> None:
        """What was damaged, lost or asked for again since the last look becomes part of the truth."""
        intake, counters = self.intake, self.witness.counters
        for fault in intake.struck:
            self.witness.note("fault", self.now, kind=fault.kind.value)
        intake.struck.clear()
        counters.lost_bytes += intake.lost_bytes
        counters.resends += intake.resends
        intake.lost_bytes = intake.resends = 0

    def _take(self) -> bytes:
        self._count_intake()
        if self.hung:
            self.out.clear()
        if not self.out:
            return b""
        taken = bytes(self.out)
        self.out.clear()
        return taken
