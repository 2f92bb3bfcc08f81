"""`python -m hardware_sim.rig.reference > docs/rig-reference.md`: every key, fault and command there is."""

import sys
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from hardware_sim.firmware.config import FaultConfig, MachineConfig, PrinterConfig, RouterConfig
from hardware_sim.rig.by_hand import commands
from hardware_sim.rig.kinds import happens_to, says, words_beside
from hardware_sim.rig.rig_file import PLACED, MachineEntry, RigFile, ShopEntry

MANY = 8
"""Kinds beyond that number have a table of their own."""
_HEAD = """# Keys, faults and commands of the rig

Written by `python -m hardware_sim.rig.reference > docs/rig-reference.md`; [rig.md](rig.md) explains. A key that isn't
in its table is an error.
"""
_KEYS = (
    ("rig.toml", (RigFile,)),
    ("`[[shops]]`", (ShopEntry,)),
    ("`[[machines]]` and `[[shops.machines]]`", (MachineEntry, MachineConfig)),
    ("`printer`", (PrinterConfig,)),
    ("`router`", (RouterConfig,)),
    ("each of `faults`", (FaultConfig,)),
)


def document() -> str:
    parts = [_HEAD]
    parts += (f"## Keys of {title}\n\n{_keys(models)}" for title, models in _KEYS)
    faults = ((f"`{kind}`", happens_to(kind), words) for kind, words in says().items())
    parts.append(f"## Faults\n\n{_table(('kind', 'happens to', 'what happens'), faults)}")
    rows = ((f"`{name}`", _arguments(one), _line(one.__doc__)) for name, one in sorted(commands().items()))
    parts.append(f"## Commands of a machine\n\n{_table(('command', 'keys', 'what happens'), rows)}")
    return "\n".join(parts)


def _keys(models: Iterable[type[BaseModel]]) -> str:
    rows: dict[str, tuple[str, ...]] = {}
    for name, row in (pair for model in models for pair in _rows(model)):
        if name not in PLACED:
            rows.setdefault(name, row)
    return _table(("key", "values", "without it", "meaning"), rows.values())


def _rows(model: type[BaseModel]) -> Iterator[tuple[str, tuple[str, ...]]]:
    beside = words_beside(model)
    for name, info in model.model_fields.items():
        yield name, (f"`{name}`", _values(info), _default(info), beside.get(name, ""))


def _values(info: FieldInfo) -> str:
    kind = info.annotation
    choices = [one for one in (kind, *get_args(kind)) if isinstance(one, type) and issubclass(one, Enum)]
    if choices:
        return "see below" if len(choices[0]) > MANY else ", ".join(f"`{member.value}`" for member in choices[0])
    return _kind(kind)


def _kind(kind: object) -> str:
    parts = get_args(kind)
    match kind:
        case _ if parts and get_origin(kind) is tuple:
            return "list of tables" if isinstance(parts[0], type) and issubclass(parts[0], BaseModel) else "list"
        case _ if parts:
            # A range of values, or something that may be left out.
            return _kind(parts[0])
        case type() if issubclass(kind, bool):
            return "`true`, `false`"
        case type() if issubclass(kind, BaseModel):
            return "table"
        case type() if issubclass(kind, int | float):
            return "number"
        case _:
            return "text"


def _default(info: FieldInfo) -> str:
    match info.default:
        case _ if info.is_required():
            return "needed"
        case Enum(value=value):
            return f"`{value}`"
        case BaseModel():
            return "as below"
        case None | "" | ():
            return ""
        case value:
            return f"`{_literal(value)}`"


def _literal(value: object) -> str:
    """As TOML writes it, text without quotes."""
    match value:
        case bool():
            return str(value).lower()
        case float():
            return f"{value:g}"
        case tuple(values):
            return f"[{', '.join(map(_literal, values))}]"
        case _:
            return str(value)


def _arguments(command: type[BaseModel]) -> str:
    keys = (key if info.is_required() else f"[{key}]" for key, info in command.model_fields.items() if key != "command")
    return " ".join(f"`{key}`" for key in keys)


def _line(text: str | None) -> str:
    return " ".join((text or "").split())


def _table(headings: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [headings, tuple("---" for _ in headings), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


if __name__ == "__main__":
    sys.stdout.write(document())
