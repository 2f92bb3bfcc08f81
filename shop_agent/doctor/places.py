"""Where `doctor` looks: this computer's ports and hosts, or those that it is told of."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from serial.tools import list_ports

from drivers.finding import Place, usual_hosts
from shop_agent.errors import BadConfig
from shop_agent.settings import AgentConfig, MachineSection

_BY_ID = Path("/dev/serial/by-id")


@dataclass(frozen=True, slots=True)
class Spot:
    name: str
    """The machine's in agent.toml, else what the port is called."""
    place: Place
    machine: MachineSection | None = None
    guessed: bool = False
    """Nobody said that there is anything here."""
    trouble: str = ""
    """Why its key can't be read."""


def this_computer(config: AgentConfig | None, api_key: str) -> list[Spot]:
    """Serial ports, hosts on loopback, and every port of agent.toml."""
    urls = [(url, url, False) for url in serial_ports()]
    urls += [(url, url, True) for url in usual_hosts()]
    known = {_same(url) for url, _, _ in urls}
    machines = config.machines if config else ()
    urls += [(one.name, one.port, False) for one in machines if not one.attested and _same(one.port) not in known]
    return [_spot(config, name, url, api_key, guessed=guessed) for name, url, guessed in urls]


def told(config: AgentConfig | None, folder: Path | None, urls: Iterable[str], api_key: str) -> list[Spot]:
    """Every entry of a folder, and these addresses. Raises BadConfig."""
    named = [] if folder is None else entries(folder)
    named += [(url, url) for url in urls]
    return [_spot(config, name, url, api_key) for name, url in named]


def entries(folder: Path) -> list[tuple[str, str]]:
    """Name and address: links to devices, and `NAME.url` files that hold one URL. Raises BadConfig."""
    if not folder.is_dir():
        raise BadConfig(f"{folder} is no folder of ports")
    found = []
    for entry in sorted(folder.iterdir()):
        if entry.suffix == ".url":
            found.append((entry.stem, _url(entry)))
        elif entry.is_symlink() or entry.is_char_device():
            found.append((entry.name, str(entry)))
    return found


def entry_url(port: str) -> str:
    """What a `NAME.url` file holds; any other port is itself. Raises BadConfig."""
    return _url(Path(port)) if port.endswith(".url") and "://" not in port else port


def _url(file: Path) -> str:
    try:
        lines = file.read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfig(f"{file}: can't be read: {error}") from error
    if len(lines) != 1 or "://" not in lines[0]:
        raise BadConfig(f"{file} must hold one URL, such as socket://127.0.0.1:9000 or http://127.0.0.1:5000")
    return lines[0]


def serial_ports() -> list[str]:
    return [lasting_name(one.device) for one in sorted(list_ports.comports())]


def lasting_name(port: str) -> str:
    """The name that stays when a cable moves to another socket, where there is one."""
    links = sorted(_BY_ID.glob("*")) if "://" not in port else []
    return next((str(link) for link in links if os.path.realpath(link) == os.path.realpath(port)), port)


def _spot(config: AgentConfig | None, name: str, url: str, api_key: str, *, guessed: bool = False) -> Spot:
    machine = machine_at(config.machines if config else (), url)
    if machine is None:
        return Spot(name, Place(url, api_key), guessed=guessed)
    try:
        key, trouble = machine.api_key() or api_key, ""
    except BadConfig as error:
        key, trouble = api_key, str(error)
    return Spot(machine.name, Place(url, key, machine.baudrate), machine, trouble=trouble)


def machine_at(machines: Sequence[MachineSection], url: str) -> MachineSection | None:
    return next((one for one in machines if one.port and _same(one.port) == _same(url)), None)


def _same(url: str) -> str:
    """What two names of one port have in common."""
    return url.rstrip("/") if "://" in url else os.path.realpath(url)
