"""Filament that a program moves: where E stands, how much was pulled back, and how fast it flows."""

from math import inf, pi

from slicer_bridge.programs.limits import MachineLimits
from slicer_bridge.programs.travel import Refused

ROUNDING = 1.02
"""Slicers that print at a machine's very limit pass it by so much where they round feeds, lengths and E."""
ROUNDING_MM = 2e-3
"""And by so much of every move's length: its ends have three decimals each."""
BURST_MM = 10.0
"""May be pushed at once: a de-retraction whose retraction nobody saw, a nozzle that is primed."""
LONGEST_MM = 200.0
"""Of one line; Marlin's EXTRUDE_MAXLENGTH, beyond which it leaves the filament out and goes on."""
LEAST_MM = 1e-3
"""A single move that pushes less is judged with its neighbours alone."""


class Filament:
    """`e_mm`: E as the program counts it. `fed_mm`: all that went through, retractions taken off.

    Flow over any time is at most what the limit allows in that time and `BURST_MM`: `ahead_mm3` is a bucket that
    every push fills and every second drains. What had been pulled back before (`pulled_mm`) doesn't count.
    """

    def __init__(self, limits: MachineLimits) -> None:
        self.area_mm2 = pi * limits.filament_mm**2 / 4
        self.max_flow_mm3_s = (limits.max_flow_mm3_s or inf) * ROUNDING
        self.max_feed_mm_s = limits.max_feed_e_mm_s or limits.max_feed_mm_s
        self.burst_mm3 = BURST_MM * self.area_mm2
        self.e_mm = 0.0
        self.lost = False
        """Nobody knows where the firmware counts E to: only steps and G92 E make sense."""
        self.relative = False
        self.relative_in_old_marlin = True
        """Until M82 or M83 is said nobody knows: machines keep what their last program said."""
        self.factor = 1.0
        self.pulled_mm = 0.0
        self.ahead_mm3 = 0.0
        self.fed_mm = 0.0
        self.tool = 0
        self._pulled_by_tool: dict[int, float] = {}

    def set_mode(self, *, relative: bool) -> None:
        self.relative = self.relative_in_old_marlin = relative

    def amount(self, e: float, *, in_block: bool = False) -> float:
        """What an E word moves, mm. Raises Refused where readers differ; a block's owner knows the machine."""
        if not in_block and self.relative is not self.relative_in_old_marlin:
            raise Refused(
                "E is a place or a step, nobody knows: M82 or M83 comes first, in Marlin after G90 and G91 too"
            )
        if self.relative:
            return e
        if self.lost and not in_block:
            raise Refused("an absolute E whose start nobody knows: G92 E0 comes first")
        return e - self.e_mm

    def push(self, amount: float, distance: float, seconds: float) -> None:
        """Filament that moves along with the head. Raises Refused."""
        fresh = self._fresh(amount)
        volume = fresh * self.area_mm2
        limit = self.max_flow_mm3_s
        if fresh > LEAST_MM and volume * distance > limit * seconds * (distance + ROUNDING_MM):
            raise Refused(f"{volume / seconds:.1f} mm³/s of filament; the limit is {limit / ROUNDING:g}")
        self._take(amount, volume, seconds)

    def push_alone(self, amount: float, speed: float) -> float:
        """Filament that moves while the head stands still; returns the seconds that it takes. Raises Refused."""
        if speed > self.max_feed_mm_s:
            raise Refused(f"the filament would move at {speed:.1f} mm/s; the limit is {self.max_feed_mm_s:g}")
        seconds = abs(amount) / speed
        self._take(amount, self._fresh(amount) * self.area_mm2, seconds)
        return seconds

    def push_blind(self, amount: float) -> None:
        """Filament that moves along with a head whose way nobody knows. Raises Refused."""
        self._take(amount, self._fresh(amount) * self.area_mm2, 0.0)

    def choose(self, tool: int) -> None:
        """Another tool's filament: its own retraction, and an E that firmwares carry over or start anew."""
        if tool == self.tool:
            return
        self._pulled_by_tool[self.tool] = self.pulled_mm
        self.pulled_mm = self._pulled_by_tool.get(tool, 0.0)
        self.tool = tool
        self.lost = True

    def place(self, e: float) -> None:
        """G92 E."""
        self.e_mm = e
        self.lost = False

    def rest(self, seconds: float) -> None:
        """Time in which no filament moves."""
        if self.ahead_mm3:
            self.ahead_mm3 = max(0.0, self.ahead_mm3 - self.max_flow_mm3_s * seconds)

    def _fresh(self, amount: float) -> float:
        """What of it was not pulled back before."""
        if abs(amount * self.factor) > LONGEST_MM:
            raise Refused(f"{amount:.1f} mm of filament in one line; firmwares leave out more than {LONGEST_MM:g}")
        return max(0.0, amount * self.factor - self.pulled_mm)

    def _take(self, amount: float, volume: float, seconds: float) -> None:
        drained = self.max_flow_mm3_s * seconds if seconds else 0.0
        ahead = max(0.0, self.ahead_mm3 + volume - drained)
        limit = self.max_flow_mm3_s / ROUNDING
        if ahead > self.burst_mm3 and limit < inf:
            raise Refused(f"filament flows faster than {limit:g} mm³/s over many moves: {ahead:.0f} mm³ too much")
        self.ahead_mm3 = ahead if limit < inf else 0.0
        self.pulled_mm = max(0.0, self.pulled_mm - amount * self.factor)
        self.e_mm += amount
        self.fed_mm += amount * self.factor
