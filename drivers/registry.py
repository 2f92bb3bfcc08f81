"""Every driver by name. A new one is a package beside the others and a line here."""

from collections.abc import Mapping

from drivers.base import Driver, DriverEntry, PortSettings
from drivers.by_hand.driver import ByHandDriver
from drivers.errors import DriverMisuse
from drivers.grbl.answers import SIGN as GRBL_SIGN
from drivers.grbl.driver import GrblDriver
from drivers.marlin.answers import SIGN as MARLIN_SIGN
from drivers.marlin.driver import MarlinDriver
from drivers.moonraker.answers import SIGN as MOONRAKER_SIGN
from drivers.moonraker.driver import MoonrakerDriver
from drivers.octoprint.answers import SIGN as OCTOPRINT_SIGN
from drivers.octoprint.driver import OctoPrintDriver
from drivers.prusalink.answers import SIGN as PRUSALINK_SIGN
from drivers.prusalink.driver import PrusaLinkDriver

DRIVERS: Mapping[str, DriverEntry] = {
    "by_hand": DriverEntry(ByHandDriver),
    "grbl": DriverEntry(GrblDriver, GRBL_SIGN),
    "marlin": DriverEntry(MarlinDriver, MARLIN_SIGN),
    "moonraker": DriverEntry(MoonrakerDriver, MOONRAKER_SIGN),
    "octoprint": DriverEntry(OctoPrintDriver, OCTOPRINT_SIGN),
    "prusalink": DriverEntry(PrusaLinkDriver, PRUSALINK_SIGN),
}


def make(name: str, port: PortSettings) -> Driver:
    """A closed driver. Raises DriverMisuse for an unknown name."""
    if name not in DRIVERS:
        raise DriverMisuse(f"no driver {name!r}; there are: {', '.join(sorted(DRIVERS))}")
    return DRIVERS[name].make(port)
