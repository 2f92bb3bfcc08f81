"""The shop's own slicer and cutter settings, one TOML file a machine.

A printer's file has `[printer]` (keys of `slicer_bridge.slicing.profile.PrinterProfile`; name, bed, height and nozzle
come from agent.toml) and `[filaments.MATERIAL]` (keys of `FilamentProfile`). `[imported.MATERIAL]` names, by nozzle,
files that `llagar-agent profile import` made of PrusaSlicer profiles, which then take their place. A router's has
`[tools.MATERIAL]` (keys of `slicer_bridge.cutting.feeds.CutTool` but the diameter), `[cutting]` and `[tabs]` (keys of
`slicer_bridge.cutting.options.CutOptions` and `cutting.tabs.Tabs`), and `[keep_out.NAME]` for clamps, in the sheet's
coordinates. `[surfaces]` names, by material, the sheet that is to lie on a printer's bed. What isn't given has the
packages' own values.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import TypeAdapter, ValidationError

from broker.wire.shop import MachineSpec
from shop_agent.errors import BadConfig
from slicer_bridge.cutting.feeds import HIGHEST_FEED_MM_S, CutTool, tool_for
from slicer_bridge.errors import BadFile
from slicer_bridge.programs.limits import MachineLimits
from slicer_bridge.slicing.profile import FILAMENTS, FilamentProfile, PrinterProfile
from slicer_bridge.slicing.shop.imported import ImportedProfile
from slicer_bridge.slicing.shop.profile_file import load_profile_file

if TYPE_CHECKING:
    from slicer_bridge.cutting.options import CutOptions
    from slicer_bridge.cutting.tabs import Tabs

Values = Mapping[str, object]
Made = TypeVar("Made", PrinterProfile, FilamentProfile, CutTool, "CutOptions", "Tabs")
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

    def imported(self, material: str, nozzle_mm: float) -> ImportedProfile | None:
        """None where the shop has none for this material. Raises BadConfig, BadLimits."""
        given = self._table("imported", material)
        if given is None:
            return None
        file = given.get(f"{nozzle_mm:g}")
        if not isinstance(file, str):
            raise BadConfig(
                f"{self.path}: [imported.{material}] names no file for a nozzle of {nozzle_mm:g} mm: "
                f"there are: {', '.join(sorted(given)) or 'none'}"
            )
        return load_profile_file(self.path.parent / file)

    def imported_path(self, material: str, nozzle_mm: float) -> Path:
        """Of the file that `imported` reads."""
        given = self._table("imported", material) or {}
        return self.path.parent / str(given.get(f"{nozzle_mm:g}", ""))

    def tool(self, material: str, diameter_mm: float, limits: MachineLimits) -> CutTool:
        """The shop's own figures, else the packages' as far as the machine goes.

        Raises BadConfig, CutRefused for a material that has no figures.
        """
        given = self._table("tools", material)
        if given is not None:
            return self._make(CutTool, given, {"diameter_mm": diameter_mm}, f"tools.{material}")
        return tool_for(
            material,
            diameter_mm,
            spindle_rpm=(limits.min_spindle_rpm, limits.max_spindle_rpm),
            max_feed_mm_s=min(limits.max_feed_mm_s, HIGHEST_FEED_MM_S),
            max_plunge_mm_s=limits.max_feed_z_mm_s or limits.max_feed_mm_s,
        )

    def cutting(self) -> "CutOptions":
        """Raises BadConfig."""
        from slicer_bridge.cutting.keep_out import keep_out_of  # no print needs what these import
        from slicer_bridge.cutting.options import CutOptions
        from slicer_bridge.cutting.tabs import Tabs

        try:
            zones = keep_out_of(self.tables.get("keep_out", {}), str(self.path))
        except BadFile as error:
            raise BadConfig(str(error)) from error
        tabs = self._make(Tabs, self.tables.get("tabs", {}), {}, "tabs")
        plain = CutOptions()
        fixed: Values = {"tabs": tabs, "keep_out": zones, "work_offset": None, "tool_changes": False}
        return self._make(CutOptions, self.tables.get("cutting", {}), {**fixed, "layers": plain.layers}, "cutting")

    def surface(self, material: str) -> str:
        """The sheet on the bed that this material is printed on; empty: any. Raises BadConfig."""
        named = self.tables.get("surfaces", {}).get(material, "")
        if not isinstance(named, str):
            raise BadConfig(f"{self.path}: [surfaces] {material} must be the name of a surface")
        return named

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
    foreign = sorted(
        set(tables) - {"printer", "filaments", "tools", "imported", "cutting", "tabs", "keep_out", "surfaces"}
    )
    if foreign:
        raise BadConfig(
            f"{path}: no table [{foreign[0]}]; there are: printer, filaments.NAME, imported.NAME, "
            "tools.NAME, cutting, tabs, keep_out.NAME, surfaces"
        )
    return Profile(path, tables)
