"""Which host's software runs on a machine's computer."""

from collections.abc import Callable
from pathlib import Path
from typing import assert_never

from hardware_sim.firmware.config import HostKind, MachineConfig
from hardware_sim.hosts.disk import Disk
from hardware_sim.hosts.host import Host


def install(config: MachineConfig, serial: Path) -> Callable[[], Host]:
    """What starts the host's software; each start finds on the disk what the one before has left."""
    disk = Disk(config.folder / "host")
    match config.host:
        case HostKind.OCTOPRINT:
            from hardware_sim.hosts.octoprint.host import OctoPrint
            from hardware_sim.hosts.octoprint.uploads import Uploads

            uploads = Uploads(disk)
            return lambda: OctoPrint(uploads, serial, config.api_key)
        case HostKind.MOONRAKER:
            from hardware_sim.hosts.moonraker.history import Records
            from hardware_sim.hosts.moonraker.host import Moonraker

            records = Records()
            printer = config.printer
            return lambda: Moonraker(disk, records, serial, printer.volume_mm, config.api_key, printer.macros)
        case HostKind.PRUSALINK:
            from hardware_sim.hosts.prusalink.host import PrusaLink

            return lambda: PrusaLink(disk, serial, config.api_key, config.name)
        case None:
            raise ValueError(f"{config.name} is behind no host")
        case _:
            assert_never(config.host)
