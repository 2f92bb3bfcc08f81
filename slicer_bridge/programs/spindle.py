"""Spindle or laser, and coolant, as a router's program has set them."""

from slicer_bridge.programs.limits import MachineLimits
from slicer_bridge.programs.travel import Refused

_ON = frozenset({"M3", "M4"})
_PIERCE_S = 1.0
"""A laser may stand still for so long under M3, to pierce; longer, it sets the sheet on fire."""


class Spindle:
    """`speed`: the S in force, rpm or laser power; None: the program has named none, the machine has its last one."""

    def __init__(self, limits: MachineLimits) -> None:
        self.limits = limits
        self.word = "M5"
        self.speed: float | None = None
        self.coolant_on = False

    @property
    def on(self) -> bool:
        return self.word in _ON

    def command(self, commands: tuple[str, ...], s: float | None) -> None:
        """M3, M4, M5, M7, M8, M9 and S of one line. Raises Refused."""
        self._check_speed(s)
        if s is not None:
            self.speed = s
        for word in commands:
            if word in _ON:
                self._start(word)
            elif word == "M5":
                self.word = word
            elif word in {"M7", "M8", "M9"}:
                self.coolant_on = word != "M9"

    def dwell(self, seconds: float) -> None:
        """Raises Refused."""
        if self.limits.max_laser_s and self.word == "M3" and self.speed and seconds > _PIERCE_S:
            raise Refused(f"a dwell of {seconds:g} s with the laser on: at most {_PIERCE_S:g}, or M4 instead of M3")

    def end(self) -> None:
        """M2, M30: GRBL switches off what it can."""
        self.word = "M5"
        self.coolant_on = False

    def left_on(self) -> list[str]:
        reasons = []
        if self.on:
            thing = "laser" if self.limits.max_laser_s else "spindle"
            reasons.append(f"the program ends with the {thing} on: end with M5")
        if self.coolant_on:
            reasons.append("the program ends with the coolant on: end with M9")
        return reasons

    def _start(self, word: str) -> None:
        limits = self.limits
        if not limits.max_spindle_rpm and not limits.max_laser_s:
            raise Refused(f"{word}: this machine has no spindle and no laser")
        if self.speed is None:
            raise Refused(f"{word} before any S: the machine would take its last program's")
        self.word = word

    def _check_speed(self, s: float | None) -> None:
        if not s:  # none named, or 0
            return
        limits = self.limits
        if limits.max_laser_s:
            if not 0 <= s <= limits.max_laser_s:
                raise Refused(f"S {s:g}: the laser goes from 0 to {limits.max_laser_s:g}")
        elif not limits.min_spindle_rpm <= s <= limits.max_spindle_rpm:
            raise Refused(
                f"S {s:g}: the spindle turns from {limits.min_spindle_rpm:g} to {limits.max_spindle_rpm:g} rpm"
            )
