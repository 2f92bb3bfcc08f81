"""The router's table: where the tool truly is, whether the spindle turns, and what that does to the sheet.

The firmware believes a position; until it has homed, and after steps were lost, the truth lies elsewhere.
"""

from hardware_sim.firmware.config import RouterConfig
from hardware_sim.firmware.grbl.modal import ORIGIN, minus, plus
from hardware_sim.firmware.grbl.tool import Plate, Tool
from hardware_sim.firmware.planner import Block, Point
from hardware_sim.firmware.sheet import Sheet
from hardware_sim.firmware.witness import Witness

LEFT_AT: Point = (-140.0, -90.0, -12.0)
"""Where the tool stood when the power came on first."""
STEPS_LOST: Point = (0.7, -0.4, 0.0)
OFF = 5
DYNAMIC = 4


class Table:
    """A laser's beam cuts right through the sheet wherever it is lit; it touches nothing."""

    def __init__(self, witness: Witness, config: RouterConfig, speed: float) -> None:
        self.sheet: Sheet | None = None
        self.plate: Plate | None = None
        if config.probe_z_mm is not None:
            self.plate = Plate(config.probe_z_mm + (0.0 if config.homing else LEFT_AT[2]))
        self.tool = Tool(config.tool_diameter_mm, config.tool_length_mm, config.tool_length_mm)
        self.believed: Point = ORIGIN
        self.spindle = OFF
        """3, 4 or 5, as in M3."""
        self.laser = config.laser
        self._witness = witness
        self._travel_mm = config.travel_mm
        self._speed = speed
        self._slip: Point = LEFT_AT
        """Truth minus belief."""
        self._sheet_slip: Point = ORIGIN
        self._turning_since = 0.0
        self._job_at = 0.0
        self._job_cuts = 0
        self._deepest = 0.0
        self._used = self._worn = False
        """The sheet was cut; and it was cut by an earlier job."""

    def true_position(self) -> Point:
        return plus(self.believed, self._slip)

    def tip(self, believed: Point) -> Point:
        """Where the tool's tip is when the firmware believes itself there."""
        return self.tool.tip(plus(believed, self._slip))

    def bed_mm(self) -> float:
        """Height of the bare table."""
        return -self._travel_mm[2]

    def clamp(self, sheet: Sheet | None) -> None:
        """A person changes the sheet, or takes it off."""
        self.sheet = sheet
        self._sheet_slip = ORIGIN
        self._used = self._worn = False

    def slide(self, x_mm: float) -> None:
        """The clamps give way."""
        self._sheet_slip = plus(self._sheet_slip, (x_mm, 0.0, 0.0))

    def forget_position(self) -> None:
        """Power was off: the firmware now believes in 0, 0, 0."""
        self._slip = self.true_position()
        self.believed = ORIGIN

    def home(self, place: Point) -> None:
        self.believed = place
        self._slip = ORIGIN

    def lose_steps(self) -> None:
        self._slip = plus(self._slip, STEPS_LOST)

    def turn(self, spindle: int, now: float) -> None:
        """Spindle to 3, 4 or 5 (off); books the time that it turned."""
        self.book(now)
        self.spindle = spindle

    def book(self, now: float) -> None:
        """Count the spindle's time up to now; before anything changes that it depends on."""
        if self.spindle != OFF and not self._modulated():
            self._count(self._turning_since, now)
            if self._witness.episode is not None:
                self._witness.episode.last = now
        self._turning_since = now

    def _modulated(self) -> bool:
        """M4 on a laser: the beam is on in moves alone."""
        return self.laser and self.spindle == DYNAMIC

    def _count(self, since: float, until: float) -> None:
        alone_s = self._witness.presence.alone_s(since, until)
        self._witness.turned((until - since) * self._speed, alone_s * self._speed)

    def done(self, block: Block, now: float) -> None:
        """A block, or part of one, has been driven."""
        witness = self._witness
        self.believed = block.end
        if witness.episode is not None:
            witness.episode.last = now
        if not self._inside(plus(block.end, self._slip)):
            witness.counters.out_of_frame += 1
        if block.lit and self._modulated():
            self._count(max(block.start, now - (block.until - block.start)), now)
        if self.sheet is not None:
            self._work(block, self.sheet, now)

    def _work(self, block: Block, sheet: Sheet, now: float) -> None:
        begin = minus(self.tip(block.begin), self._sheet_slip)
        end = minus(self.tip(block.end), self._sheet_slip)
        if self.laser:
            low = sheet.z_top - sheet.thickness - 0.1
            begin, end = (begin[0], begin[1], low), (end[0], end[1], low)
        if not sheet.touched(begin, end, self.tool.radius_mm):
            return
        lifts = begin[:2] == end[:2] and end[2] > begin[2]
        if (block.rapid or not block.lit) and not lifts and not self.laser:
            self._witness.counters.crashes += 1
        if block.lit:
            if self._worn:
                self._worn = False
                self._witness.occupied(now)
            self._used = True
            self._witness.cut(begin, end)
            self._deepest = max(self._deepest, sheet.z_top - min(begin[2], end[2]))

    def _inside(self, place: Point) -> bool:
        return all(-travel - 1e-6 <= at <= 1e-6 for at, travel in zip(place, self._travel_mm, strict=True))

    def job_began(self, now: float) -> None:
        self._job_at = now
        self._job_cuts = self._witness.counters.cuts
        self._deepest = 0.0
        self._worn = self._used

    def progress(self, now: float) -> tuple[int, float, float]:
        """Cuts, depth in mm, seconds of physics since the job began."""
        return self._witness.counters.cuts - self._job_cuts, self._deepest, (now - self._job_at) * self._speed

    def distance_home(self) -> Point:
        return minus(ORIGIN, self.true_position())
