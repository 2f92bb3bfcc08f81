"""The rig's Marlin in the place of Klipper's micro-controllers: a line is sent, and its `ok` awaited."""

import re
import threading
from dataclasses import dataclass

import serial

_TEMPERATURE = re.compile(r"(T|B):(-?[\d.]+) ?/(-?[\d.]+)")
_HEATERS = {"T": "extruder", "B": "heater_bed"}
_PATIENCE_S = 60.0
_LOOK_S = 0.2


class Halted(Exception):
    """The firmware stopped, or its port is gone."""


@dataclass(frozen=True, slots=True)
class Temperature:
    current_c: float = 21.0
    target_c: float = 0.0


class Board:
    """`do` is called by one thread; `stop` by any."""

    def __init__(self, port: str) -> None:
        self.temperatures = {"extruder": Temperature(), "heater_bed": Temperature()}
        self._port = port
        self._serial: serial.Serial | None = None
        self._stopped = threading.Event()

    def boot(self) -> None:
        """Opening the port restarts the firmware. Raises Halted if it doesn't come up."""
        self.close()
        self._stopped.clear()
        self._serial = serial.Serial(self._port, 115200, timeout=_LOOK_S, exclusive=True)
        self._until("echo:Hardcoded")

    def do(self, line: str) -> None:
        """Raises Halted."""
        if self._serial is None:
            raise Halted("the port is closed")
        try:
            self._serial.write(f"{line}\n".encode())
        except serial.SerialException as error:
            raise Halted(f"Lost communication with MCU 'mcu': {error}") from error
        self._until("ok")

    def stop(self) -> None:
        """Ahead of whatever is queued; `do` ends with Halted."""
        self._stopped.set()
        if self._serial is not None:
            self._serial.write(b"\nM112\n")

    def close(self) -> None:
        if self._serial is not None:
            self._serial.close()
            self._serial = None

    def _until(self, words: str) -> None:
        assert self._serial is not None
        silent_s = 0.0
        while silent_s < _PATIENCE_S:
            try:
                line = self._serial.readline().decode("latin-1")
            except serial.SerialException as error:
                raise Halted(f"Lost communication with MCU 'mcu': {error}") from error
            if self._stopped.is_set():
                raise Halted("Shutdown due to webhooks request")
            if line.startswith("Error:"):
                raise Halted(line.strip())
            for sensor, current, target in _TEMPERATURE.findall(line):
                self.temperatures[_HEATERS[sensor]] = Temperature(float(current), float(target))
            if line.startswith(words):
                return
            silent_s = 0.0 if line else silent_s + _LOOK_S
        raise Halted("Lost communication with MCU 'mcu': it is silent")
