"""Who holds a machine's port: which processes have the pty open, or a connection to the address."""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

PROC = Path("/proc")
_ESTABLISHED = "01"


@dataclass(frozen=True, slots=True)
class Holder:
    pid: int
    command: str


def address(port: Path) -> str:
    """Where to open a machine: the path of its pty, or the URL in its file; empty while it is unplugged."""
    if port.is_symlink():
        return str(port)
    try:
        return port.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""


def holders(addresses: Mapping[str, str]) -> dict[str, tuple[Holder, ...]]:
    """By machine; processes of other users can't be seen."""
    sockets = _connections()
    targets = {target: name for name, place in addresses.items() if place for target in _targets(place, sockets)}
    found: dict[str, list[Holder]] = {name: [] for name in addresses}
    for folder in PROC.iterdir():
        if not folder.name.isdigit():
            continue
        names = {targets[target] for target in _open_in(folder) if target in targets}
        for name in sorted(names):
            found[name].append(Holder(int(folder.name), _command(folder)))
    return {name: tuple(sorted(those, key=lambda one: one.pid)) for name, those in found.items()}


def _targets(place: str, sockets: Mapping[int, Sequence[str]]) -> Sequence[str]:
    """What the open files of a holder link to."""
    if "://" in place:
        port = urlsplit(place).port
        return () if port is None else sockets.get(port, ())
    with suppress(OSError):  # unplugged in this moment
        return (os.readlink(place),)  # noqa: PTH115  as below
    return ()


def _connections() -> Mapping[int, Sequence[str]]:
    """Links to the sockets of this computer that are connected to each TCP port."""
    found: dict[int, list[str]] = {}
    for table in ("tcp", "tcp6"):
        with suppress(FileNotFoundError):
            for line in (PROC / "net" / table).read_text().splitlines()[1:]:
                columns = line.split()
                if columns[3] == _ESTABLISHED:
                    port = int(columns[2].rpartition(":")[2], 16)
                    found.setdefault(port, []).append(f"socket:[{columns[9]}]")
    return found


def _open_in(process: Path) -> set[str]:
    targets = set()
    with suppress(OSError):  # it has ended, or belongs to somebody else
        for descriptor in (process / "fd").iterdir():
            with suppress(OSError):
                targets.add(os.readlink(descriptor))  # noqa: PTH115  thousands a look, and Path costs five times as much
    return targets


def _command(process: Path) -> str:
    """A program as people know it: a script or module rather than its interpreter."""
    with suppress(OSError):
        words = (process / "cmdline").read_bytes().decode(errors="replace").rstrip("\0").split("\0")
        match [Path(words[0]).name, *words[1:3]]:
            case [name, "-m", module] if name.startswith("python"):
                return module
            case [name, script, *_] if name.startswith("python") and not script.startswith("-"):
                return Path(script).name
            case [name, *_]:
                return name
    return "?"
