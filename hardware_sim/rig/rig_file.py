"""`rig.toml`: which machines a rig has. Keys that it doesn't know itself are the firmware's own (`MachineConfig`)."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, ValidationError

from hardware_sim.firmware.config import MachineConfig
from hardware_sim.rig.draw import draw
from hardware_sim.rig.errors import BadRigFile
from hardware_sim.rig.plan import Plan, Planned, require_apart, words

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$")]
Count = Annotated[int, Field(ge=1, le=1000)]
PLACED = ("port", "folder", "control")
"""Keys of a machine's configuration that the rig fills in by itself."""
_NOWHERE = Path("unplaced")


class MachineEntry(BaseModel):
    """Everything else in it is handed to the firmware."""

    model_config = ConfigDict(extra="allow", frozen=True)

    name: Name
    """Letters, digits, `-` and `_`; none twice in a rig."""
    count: Count = 1
    """More than one are called NAME-1, NAME-2 …"""
    speed: PositiveFloat | None = None
    """Divides physics only: heat-up, motion, dwell; as the rig's where it is left out."""
    random: int = Field(default=0, ge=0, le=1000)
    """So many faults drawn from the seed, beside those that are written down."""


class ShopEntry(BaseModel):
    """A workshop and its machines."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    count: Count = 1
    """More than one are called NAME-1, NAME-2 …, and so begin the names of their machines."""
    machines: tuple[MachineEntry, ...] = Field(min_length=1)


class RigFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = 1
    """What random faults are drawn from; `--seed` goes before it."""
    speed: PositiveFloat = 1.0
    """Divides physics only, no timer of any protocol; `--speed` goes before it."""
    machines: tuple[MachineEntry, ...] = ()
    """Machines of no shop."""
    shops: tuple[ShopEntry, ...] = ()


def read_rig(path: Path) -> str:
    """The text of a rig.toml. Raises BadRigFile."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadRigFile(f"{path}: can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadRigFile(f"{path}: no TOML: {error}") from error


def plan_of(text: str, source: str, seed: int | None, speed: float | None) -> Plan:
    """The plan that a rig.toml asks for; `seed` and `speed` go before the file's. Raises BadRigFile, naming the key."""
    try:
        file = RigFile.model_validate(tomllib.loads(text))
        chosen = file.seed if seed is None else seed
        machines = tuple(_planned(file, chosen, file.speed if speed is None else speed))
        require_apart(machine.name for machine in machines)
    except tomllib.TOMLDecodeError as error:
        raise BadRigFile(f"{source}: no TOML: {error}") from error
    except ValidationError as error:
        raise BadRigFile("{}: {}: {}".format(source, *words(error))) from error
    except BadRigFile as error:
        raise BadRigFile(f"{source}: {error}") from error
    if not machines:
        raise BadRigFile(f"{source}: has no machines: add [[machines]], or [[shops]] with [[shops.machines]]")
    return Plan(seed=chosen, machines=machines)


def _planned(file: RigFile, seed: int, speed: float) -> Iterator[Planned]:
    for index, entry in enumerate(file.machines):
        for name in _names(entry.name, entry.count):
            yield Planned(shop="", config=_config(entry, f"machines.{index}", name, seed, speed))
    for number, shop in enumerate(file.shops):
        for shop_name in _names(shop.name, shop.count):
            front = f"{shop_name}-" if shop.count > 1 else ""
            for index, entry in enumerate(shop.machines):
                where = f"shops.{number}.machines.{index}"
                for name in _names(f"{front}{entry.name}", entry.count):
                    yield Planned(shop=shop_name, config=_config(entry, where, name, seed, speed))


def _names(name: str, count: int) -> list[str]:
    return [name] if count == 1 else [f"{name}-{number}" for number in range(1, count + 1)]


def _config(entry: MachineEntry, where: str, name: str, seed: int, speed: float) -> MachineConfig:
    given = entry.model_extra or {}
    for key in PLACED:
        if key in given:
            raise BadRigFile(f'{where}.{key} ("{entry.name}"): the rig chooses it; leave it out')
    places = dict.fromkeys(PLACED, _NOWHERE)
    try:
        config = MachineConfig.model_validate({**given, "speed": entry.speed or speed, **places, "name": name})
    except ValidationError as error:
        key, wrong = words(error)
        place = f"{where}.{key}" if key else where
        raise BadRigFile(f'{place} ("{entry.name}"): {wrong}') from error
    drawn = draw(seed, config, entry.random)
    return config.model_copy(update={"faults": (*config.faults, *drawn)})
