"""Every driver by name. A new one is a package beside the others and a line here."""

from collections.abc import Mapping

from drivers.base import Driver, DriverEntry, PortSettings
from drivers.errors import DriverMisuse
from drivers.grbl.answers import SIGN as GRBL_SIGN
from drivers.grbl.driver import GrblDriver
from drivers.marlin.answers import SIGN as MARLIN_SIGN
from drivers.marlin.driver import MarlinDriver

DRIVERS: Mapping[str, DriverEntry] = {
    "grbl": DriverEntry(GrblDriver, GRBL_SIGN),
    "marlin": DriverEntry(MarlinDriver, MARLIN_SIGN),
}


def make(name: str, port: PortSettings) -> Driver:
    """A closed driver. Raises DriverMisuse for an unknown name."""
    if name not in DRIVERS:
        raise DriverMisuse(f"no driver {name!r}; there are: {', '.join(sorted(DRIVERS))}")
    return DRIVERS[name].make(port)
