"""Klipper's print_stats: the state of the print, and how long it has taken. Source: klippy/extras/print_stats.py."""

import time
from dataclasses import dataclass
from enum import StrEnum

from hardware_sim.hosts.web import Json


class PrintState(StrEnum):
    STANDBY = "standby"
    PRINTING = "printing"
    PAUSED = "paused"
    COMPLETE = "complete"
    CANCELLED = "cancelled"
    ERROR = "error"


@dataclass(slots=True)
class PrintStats:
    filename: str = ""
    state: PrintState = PrintState.STANDBY
    message: str = ""
    filament_used: float = 0.0
    total_layer: int | None = None
    current_layer: int | None = None
    _started: float | None = None
    _paused_at: float | None = None
    _paused_s: float = 0.0
    _before_extrusion_s: float = 0.0
    _total_s: float = 0.0

    def note_start(self) -> None:
        now = time.monotonic()
        if self._started is None:
            self._started = now
        elif self._paused_at is not None:
            self._paused_s += now - self._paused_at
            self._paused_at = None
        self.state, self.message = PrintState.PRINTING, ""

    def note_pause(self) -> None:
        if self._paused_at is None:
            self._paused_at = time.monotonic()
        if self.state is not PrintState.ERROR:
            self.state = PrintState.PAUSED

    def note_end(self, state: PrintState, message: str = "") -> None:
        if self._started is None:
            return
        self._measure()
        self.state, self.message, self._started = state, message, None

    def extruded(self, filament_mm: float) -> None:
        self._measure()
        self.filament_used += filament_mm

    def _measure(self) -> float:
        """Seconds paused so far, once the other times are brought up to date."""
        paused_s = self._paused_s
        if self._started is not None:
            now = time.monotonic()
            if self._paused_at is not None:
                paused_s += now - self._paused_at
            self._total_s = now - self._started
            if self.filament_used < 1e-7:
                self._before_extrusion_s = self._total_s - paused_s
        return paused_s

    def status(self) -> Json:
        paused_s = self._measure()
        return {
            "filename": self.filename,
            "total_duration": self._total_s,
            "print_duration": self._total_s - self._before_extrusion_s - paused_s,
            "filament_used": self.filament_used,
            "state": self.state.value,
            "message": self.message,
            "info": {"total_layer": self.total_layer, "current_layer": self.current_layer},
        }
