"""A heater and its thermistor: first-order physics in closed form, with Marlin's thermal protection.

Temperatures °C, times seconds on the machine's clock. Source of the protection's rules: Marlin
Configuration_adv.h THERMAL_PROTECTION_* and WATCH_TEMP_*, module/temperature.cpp.
"""

from dataclasses import dataclass
from math import exp, inf, log

AMBIENT_C = 21.0
PROTECTION_HYSTERESIS_C = 4.0
PROTECTION_PERIOD_S = 40.0


@dataclass(frozen=True, slots=True)
class HeaterKind:
    """What this heater can do: it tends to `full_power_c` with `heat_tau_s`, and cools with `cool_tau_s`."""

    label: str
    full_power_c: float
    heat_tau_s: float
    cool_tau_s: float
    max_target_c: float


HOTEND = HeaterKind("0", 450.0, 110.0, 150.0, 260.0)
BED = HeaterKind("bed", 160.0, 350.0, 600.0, 140.0)


class Heater:
    """Piecewise exponential: from `_from_c` at `_since`, to the target at `settled_at`, then level."""

    def __init__(self, kind: HeaterKind, speed: float) -> None:
        self.kind = kind
        self.target_c = 0.0
        self.broken = False
        self.resting = False
        """The firmware keeps the target and gives no power, as in a long filament change."""
        self.settled_at = -inf
        self.trip_at = inf
        self._speed = speed
        self._since = 0.0
        self._from_c = AMBIENT_C
        self._level_c = AMBIENT_C
        self._aim_c = AMBIENT_C
        self._tau_s = 1.0

    def temperature(self, now: float) -> float:
        if now >= self.settled_at:
            return self._level_c
        elapsed = max(0.0, now - self._since) * self._speed
        return self._aim_c + (self._from_c - self._aim_c) * exp(-elapsed / self._tau_s)

    def set_target(self, target_c: float, now: float) -> None:
        self._restart(min(max(target_c, 0.0), self.kind.max_target_c), now)

    def fail(self, now: float) -> None:
        """The heater gives no more warmth; the firmware doesn't know, its protection will."""
        self.broken = True
        self._restart(self.target_c, now)

    def repair(self, now: float) -> None:
        self.broken = False
        self._restart(self.target_c, now)

    def rest(self, now: float, *, resting: bool) -> None:
        self.resting = resting
        self._restart(self.target_c, now)

    def _restart(self, target_c: float, now: float) -> None:
        current = self.temperature(now)
        changed = target_c != self.target_c
        self.target_c, self._since, self._from_c = target_c, now, current
        cold = self.broken or self.resting
        rising = target_c > current and not cold
        self._aim_c = self.kind.full_power_c if rising else AMBIENT_C
        self._tau_s = self.kind.heat_tau_s if rising else self.kind.cool_tau_s
        if rising or (target_c > AMBIENT_C and not cold):
            self._level_c = target_c
            self.settled_at = now + self._time_to(target_c, current)
        else:
            self._level_c = AMBIENT_C
            self.settled_at = inf if current - AMBIENT_C > 0.005 else now
        if target_c == current and not cold:
            self.settled_at = now
        self._watch(now, current, changed)

    def _time_to(self, goal_c: float, current_c: float) -> float:
        if goal_c == current_c:
            return 0.0
        share = (current_c - self._aim_c) / (goal_c - self._aim_c)
        return self._tau_s * log(share) / self._speed

    def _watch(self, now: float, current: float, changed: bool) -> None:
        """When thermal protection will stop the machine, if nothing changes."""
        if self.target_c <= 0.0 or not self.broken or self.resting:
            self.trip_at = inf
            return
        if not changed and self.trip_at < inf:
            return
        floor = self.target_c - PROTECTION_HYSTERESIS_C
        below = self._time_to(floor, current) if current > floor > AMBIENT_C else 0.0
        self.trip_at = now + below + PROTECTION_PERIOD_S / self._speed

    def runaway(self) -> str:
        """What the firmware says when `trip_at` has come."""
        reached = self._from_c >= self.target_c - PROTECTION_HYSTERESIS_C
        fault = "Thermal Runaway" if reached else "Heating failed"
        return f"Error:{fault}, system stopped! Heater_ID: {self.kind.label}\n"

    def power(self, now: float) -> int:
        """The duty that M105 reports, 0 to 127."""
        if self.target_c <= 0.0 or self.resting:
            return 0
        if self.broken or now < self.settled_at:
            return 127 if self._aim_c > AMBIENT_C or self.broken else 0
        return int(127 * (self.target_c - AMBIENT_C) / (self.kind.full_power_c - AMBIENT_C))
