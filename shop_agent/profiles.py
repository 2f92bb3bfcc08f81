"""The shop's own slicer and cutter settings, one TOML file a machine.

A printer's file has `[printer]` (keys of `slicer_bridge.slicing.profile.PrinterProfile`; name, bed, height and nozzle
come from agent.toml) and `[filaments.MATERIAL]` (keys of `FilamentProfile`); a router's has `[tools.MATERIAL]` (keys of
`slicer_bridge.cutting.feeds.CutTool` but the diameter). What isn't given has the packages' own values.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from broker.wire.shop import MachineSpec
from shop_agent.errors import BadConfig
from slicer_bridge.cutting.feeds import CutTool, tool_for
from slicer_bridge.slicing.profile import FILAMENTS, FilamentProfile, PrinterProfile

Values = Mapping[str, object]
Made = TypeVar("Made", PrinterProfile, FilamentProfile, CutTool)
_TABLES: TypeAdapter[dict[str, dict[str, object]]] = TypeAdapter(dict[str, dict[str, object]])


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile file, read; errors name it."""

    path: Path
    tables: Mapping[str, Values]

    def printer(self, spec: MachineSpec) -> PrinterProfile:
        """Raises BadConfig."""
        width, depth, height = spec.volume_mm
        fixed: Values = {
            "name": spec.name,
            "bed_mm": (width, depth),
            "height_mm": height,
            "nozzle_mm": spec.tool_mm,
        }
        return self._make(PrinterProfile, self.tables.get("printer", {}), fixed, "printer")

    def filament(self, material: str) -> FilamentProfile:
        """Raises BadConfig for a material with no temperatures."""
        given = self._table("filaments", material)
        if given is not None:
            return self._make(FilamentProfile, given, {"name": material}, f"filaments.{material}")
        if material not in FILAMENTS:
            raise BadConfig(f"{self.path}: no [filaments.{material}], and it is none that is known by itself")
        return FILAMENTS[material]

    def tool(self, material: str, diameter_mm: float) -> CutTool:
        """Raises BadConfig, CutRefused for a material that has no figures."""
        given = self._table("tools", material)
        if given is None:
            return tool_for(material, diameter_mm)
        return self._make(CutTool, given, {"diameter_mm": diameter_mm}, f"tools.{material}")

    def _table(self, kind: str, name: str) -> Values | None:
        try:
            return _TABLES.validate_python(self.tables.get(kind, {})).get(name)
        except ValidationError as error:
            raise BadConfig(f"{self.path}: [{kind}.NAME] must be tables") from error

    def _make(self, kind: type[Made], given: Values, fixed: Values, where: str) -> Made:
        known = {field.name for field in fields(kind)} - set(fixed)
        unknown = sorted(set(given) - known)
        if unknown:
            raise BadConfig(
                f"{self.path}: [{where}] has no key {', '.join(unknown)}; there are: {', '.join(sorted(known))}"
            )
        try:
            return TypeAdapter(kind).validate_python({**given, **fixed})
        except ValidationError as error:
            reasons = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
            raise BadConfig(f"{self.path}: [{where}] {reasons}") from error


def load_profile(path: Path) -> Profile:
    """Raises BadConfig; a table of another name is an error."""
    try:
        tables = _TABLES.validate_python(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise BadConfig(f"{path}: can't be read: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadConfig(f"{path}: can't be read as TOML: {error}") from error
    except ValidationError as error:
        raise BadConfig(f"{path}: only tables stand in a profile") from error
    foreign = sorted(set(tables) - {"printer", "filaments", "tools"})
    if foreign:
        raise BadConfig(f"{path}: no table [{foreign[0]}]; there are: printer, filaments.NAME, tools.NAME")
    return Profile(path, tables)
