"""What a machine is reached through: its serial port, and its host if it is behind one."""

from typing import TYPE_CHECKING, assert_never

from hardware_sim.firmware.config import Link, MachineConfig
from hardware_sim.ports import Port, PseudoPort
from hardware_sim.tcp_port import TcpPort

if TYPE_CHECKING:
    from hardware_sim.hosts.computer import Computer

SERIAL = "serial"
"""In the machine's folder: the port on which its host finds it."""


def wire(config: MachineConfig) -> "tuple[Port, Computer | None]":
    """The board's port, and the host that will hold its other end."""
    match config.link:
        case Link.PTY:
            return PseudoPort(config.port), None
        case Link.TCP:
            return TcpPort(config.port, config.tcp_port), None
        case Link.HTTP:
            # A web server takes its time to import; machines without a host do without.
            from hardware_sim.hosts.computer import Computer

            serial = PseudoPort(config.folder / SERIAL)
            return serial, Computer(config, serial.link)
        case _:
            assert_never(config.link)
