"""Time without motion: dwells, heaters, homing, tools. Heaters by a rough model, so their time is told apart."""

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.motion import modal
from slicer_bridge.motion.limits import MotionLimits

_LONGEST_S = 1e7
_HOTTEST_C = 2000.0


class Waits:
    """`dwell_s`, `homing_s`, `change_s`, `spindle_s`, `heating_s`: so far; `stops`: times that a person is needed.

    Heaters warm up and cool down at a steady rate, also while others are waited for; not while the machine moves.
    """

    def __init__(self, limits: MotionLimits) -> None:
        self.dwell_s = self.homing_s = self.change_s = self.spindle_s = self.heating_s = 0.0
        self.stops = 0
        self._limits = limits
        heating = limits.heating
        self._rates_c_s = (heating.hotend_c_s, heating.bed_c_s, heating.chamber_c_s)
        self._temperatures_c = [heating.ambient_c] * 3
        self._targets_c = [0.0] * 3

    def read(self, rows: NDArray[np.float64]) -> None:
        """Rows of `modal`; moves are passed over."""
        for number in np.flatnonzero((rows[:, modal.KIND] == modal.PAUSE) | (rows[:, modal.KIND] == modal.NOTE)):
            self._one(int(rows[number, modal.UNIT_X]), float(rows[number, modal.UNIT_Y]))

    @property
    def waiting_s(self) -> float:
        """All but heating."""
        return self.dwell_s + self.homing_s + self.change_s + self.spindle_s

    def _one(self, what: int, amount: float) -> None:
        match what:
            case modal.DWELL if 0.0 <= amount < _LONGEST_S:
                self.dwell_s += self._pass(amount)
            case modal.STOP:
                self.stops += 1
            case modal.HOME:
                self.homing_s += self._pass(self._limits.homing_s)
            case modal.CHANGE:
                self.change_s += self._pass(self._limits.tool_change_s)
            case modal.SPIN_UP:
                self.spindle_s += self._pass(self._limits.spin_up_s)
            case _ if what >= modal.TARGET and 0.0 <= amount < _HOTTEST_C:
                self._heat(what % 10, amount, what - what % 10)

    def _heat(self, heater: int, target_c: float, how: int) -> None:
        self._targets_c[heater] = target_c
        gap = target_c - self._temperatures_c[heater]
        if how == modal.TARGET or (gap < 0.0 and how == modal.REACH):
            return
        rate = self._rates_c_s[heater] if gap > 0.0 else -self._limits.heating.cooling_c_s
        target_c = max(target_c, self._limits.heating.ambient_c)
        self.heating_s += self._pass(max(0.0, (target_c - self._temperatures_c[heater]) / rate))

    def _pass(self, seconds: float) -> float:
        cooling = self._limits.heating.cooling_c_s * seconds
        for heater, rate in enumerate(self._rates_c_s):
            target, now = max(self._targets_c[heater], self._limits.heating.ambient_c), self._temperatures_c[heater]
            self._temperatures_c[heater] = (
                min(target, now + rate * seconds) if target > now else max(target, now - cooling)
            )
        return seconds
