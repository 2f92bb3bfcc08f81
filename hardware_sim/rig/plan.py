"""What a rig consists of, to the last fault: made from a rig.toml and a seed, or taken from another rig's bundle."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from hardware_sim.firmware.config import Link, MachineConfig
from hardware_sim.rig.errors import BadRigFile

SOCKET_PATH_BYTES = 100
"""AF_UNIX paths hold 108 bytes on Linux."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Planned(_Strict):
    """One machine; `shop` is empty where it belongs to none."""

    shop: str
    config: MachineConfig

    @property
    def name(self) -> str:
        return self.config.name


class Plan(_Strict):
    seed: int
    machines: tuple[Planned, ...]

    def placed(self, ports: Path, folder: Path) -> "Plan":
        """The same machines with their ports and files in these folders. Raises BadRigFile."""
        require_apart(machine.name for machine in self.machines)
        return Plan(
            seed=self.seed,
            machines=tuple(
                Planned(shop=one.shop, config=one.config.model_copy(update=_places(one.config, number, ports, folder)))
                for number, one in enumerate(self.machines)
            ),
        )

    def machine(self, name: str) -> Planned | None:
        return next((one for one in self.machines if one.name == name), None)


def _places(config: MachineConfig, number: int, ports: Path, folder: Path) -> dict[str, Path]:
    control = folder / "hands" / f"{number}"
    if len(bytes(control)) > SOCKET_PATH_BYTES:
        raise BadRigFile(f"{folder} is too long for Unix sockets: set TMPDIR to a shorter folder")
    port = ports / (config.name if config.link is Link.PTY else f"{config.name}.url")
    return {"port": port, "folder": folder / "machines" / config.name, "control": control}


def require_apart(names: Iterable[str]) -> None:
    """Raises BadRigFile if a name is there twice."""
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise BadRigFile(f"machines are named twice: {', '.join(twice)}")


def words(error: ValidationError) -> tuple[str, str]:
    """Key, and what is wrong with it, of the first of pydantic's complaints."""
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    match first["type"]:
        case "extra_forbidden":
            return where, "there is no such key"
        case "missing":
            return where, "is missing"
        case _:
            return where, first["msg"].removeprefix("Value error, ")
