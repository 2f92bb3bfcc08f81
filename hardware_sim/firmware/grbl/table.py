"""The router's table: where the tool truly is, whether the spindle turns, and what that does to the sheet.

The firmware believes a position; until it has homed, and after steps were lost, the truth lies elsewhere.
"""

from hardware_sim.firmware.grbl.modal import ORIGIN, minus, plus
from hardware_sim.firmware.planner import Block, Point
from hardware_sim.firmware.sheet import Sheet
from hardware_sim.firmware.witness import Witness

LEFT_AT: Point = (-140.0, -90.0, -12.0)
"""Where the tool stood when the power came on first."""
STEPS_LOST: Point = (0.7, -0.4, 0.0)


class Table:
    def __init__(self, witness: Witness, radius_mm: float, travel_mm: Point, speed: float) -> None:
        self.sheet: Sheet | None = None
        self.believed: Point = ORIGIN
        self.spindle = 5
        """3, 4 or 5, as in M3."""
        self._witness = witness
        self._radius_mm = radius_mm
        self._travel_mm = travel_mm
        self._speed = speed
        self._slip: Point = LEFT_AT
        """Truth minus belief."""
        self._turning_since = 0.0
        self._job_at = 0.0
        self._job_cuts = 0
        self._deepest = 0.0

    def true_position(self) -> Point:
        return plus(self.believed, self._slip)

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
        if self.spindle != 5:
            self._witness.turned((now - self._turning_since) * self._speed, 0.0)
            if self._witness.episode is not None:
                self._witness.episode.last = now
        self.spindle = spindle
        self._turning_since = now

    def done(self, block: Block, now: float) -> None:
        """A block, or part of one, has been driven."""
        witness = self._witness
        self.believed = block.end
        if witness.episode is not None:
            witness.episode.last = now
        begin, end = plus(block.begin, self._slip), plus(block.end, self._slip)
        if not self._inside(end):
            witness.counters.out_of_frame += 1
        sheet = self.sheet
        if sheet is None or not sheet.touched(begin, end, self._radius_mm):
            return
        lifts = begin[:2] == end[:2] and end[2] > begin[2]
        if (block.rapid or not block.lit) and not lifts:
            witness.counters.crashes += 1
        if block.lit:
            witness.cut(begin, end)
            self._deepest = max(self._deepest, sheet.z_top - min(begin[2], end[2]))

    def _inside(self, place: Point) -> bool:
        return all(-travel - 1e-6 <= at <= 1e-6 for at, travel in zip(place, self._travel_mm, strict=True))

    def job_began(self, now: float) -> None:
        self._job_at = now
        self._job_cuts = self._witness.counters.cuts
        self._deepest = 0.0

    def progress(self, now: float) -> tuple[int, float, float]:
        """Cuts, depth in mm, seconds of physics since the job began."""
        return self._witness.counters.cuts - self._job_cuts, self._deepest, (now - self._job_at) * self._speed

    def distance_home(self) -> Point:
        return minus(ORIGIN, self.true_position())
