"""What somebody who stands before the machine feels and hears: what is warm, and whether the spindle turns."""

from hardware_sim.firmware.firmware import Firmware
from hardware_sim.firmware.grbl.machine import Grbl
from hardware_sim.firmware.heater import Heater
from hardware_sim.firmware.marlin.machine import Marlin


def energy(firmware: Firmware, now: float) -> str:
    """Nozzle and bed as `now/target` in °C, or the spindle."""
    match firmware:
        case Marlin():
            return f"{_heat(firmware.hotend, now)} {_heat(firmware.bed, now)} °C"
        case Grbl():
            return "spindle off" if firmware.table.spindle == 5 else f"spindle {firmware.modal.rpm:g}/min"
        case _:
            return ""


def _heat(heater: Heater, now: float) -> str:
    return f"{heater.temperature(now):.0f}/{heater.target_c:.0f}"
