"""One printer, print and filament preset out of a bundle, with what they inherit; or a flat configuration as it is.

Source: PrusaSlicer 2.5 `PresetBundle.cpp`, `flatten_configbundle_hierarchy`: of several parents the later one wins,
and the preset's own keys over all of them.
"""

from dataclasses import dataclass

from slicer_bridge.errors import BadFile
from slicer_bridge.slicing.shop.ini import IniFile, split_strings

GROUPS = ("printer", "print", "filament")
_OTHER_GROUPS = ("printer_model", "sla_print", "sla_material", "physical_printer")
_OTHER_SECTIONS = ("vendor", "presets", "obsolete_presets", "settings", "default_filaments", "default_sla_materials")
_WHOLE = {
    "printer": frozenset({"bed_shape", "nozzle_diameter", "gcode_flavor", "start_gcode", "end_gcode"}),
    "print": frozenset({"layer_height", "perimeter_speed", "travel_speed", "first_layer_height"}),
    "filament": frozenset({"temperature", "first_layer_temperature", "bed_temperature", "filament_diameter"}),
}
"""Without these a preset is a fragment, which would leave PrusaSlicer's own values where the shop has others."""
_OWN = frozenset({"inherits", "renamed_from"})
"""What is said of a preset and not of its children."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Names of the presets of a bundle; empty: what the bundle itself says."""

    printer: str = ""
    print: str = ""
    filament: str = ""

    def of(self, group: str) -> str:
        return {"printer": self.printer, "print": self.print, "filament": self.filament}[group]


@dataclass(frozen=True, slots=True)
class Flat:
    """`origin`: key → `printer`, `print`, `filament`, or `file` for a flat configuration. Values are still escaped."""

    values: dict[str, str]
    origin: dict[str, str]
    names: dict[str, str]
    """Group → preset that was taken."""


def flatten(ini: IniFile, choice: Choice) -> Flat:
    """Raises BadFile for presets that aren't there, broken or circular inheritance, sections nobody knows."""
    for section in ini.sections:
        _check_section(ini, section)
    if not ini.sections:
        return _flat_file(ini, choice)
    values: dict[str, str] = {}
    origin: dict[str, str] = {}
    names: dict[str, str] = {}
    for group in GROUPS:
        name = _chosen(ini, choice, group, values)
        preset = _resolved(ini, group, name, ())
        if group == "printer" and preset.get("printer_technology", "FFF") != "FFF":
            raise BadFile(f"{ini.name}: {name} is a printer of resin ({preset['printer_technology']}), not of filament")
        _check_whole(ini, group, name, preset)
        values |= preset
        origin |= dict.fromkeys(preset, group)
        names[group] = name
    return Flat(values, origin, names)


def presets(ini: IniFile, group: str) -> tuple[str, ...]:
    """Names that can be chosen; those with a `*` are there to inherit from."""
    found = (section.removeprefix(f"{group}:") for section in ini.sections if section.startswith(f"{group}:"))
    return tuple(name for name in found if not name.startswith("*"))


def _check_section(ini: IniFile, section: str) -> None:
    group, colon, name = section.partition(":")
    known = group in (*GROUPS, *_OTHER_GROUPS) and name.strip() if colon else section in _OTHER_SECTIONS
    if not known:
        raise BadFile(f"{ini.name}: section [{section}] is none of PrusaSlicer's: is it a bundle of presets?")


def _flat_file(ini: IniFile, choice: Choice) -> Flat:
    named = [group for group in GROUPS if choice.of(group)]
    if named:
        raise BadFile(f"{ini.name}: a flat configuration has no presets: leave out --{named[0]}")
    values = dict(ini.top)
    if values.get("printer_technology", "FFF") != "FFF":
        raise BadFile(f"{ini.name}: it is for a printer of resin ({values['printer_technology']}), not of filament")
    for group in GROUPS:
        _check_whole(ini, group, "it", values)
    names = {group: values.get(key, "") for group, key in zip(GROUPS, _IDS, strict=True)}
    return Flat(values, dict.fromkeys(values, "file"), names)


_IDS = ("printer_settings_id", "print_settings_id", "filament_settings_id")


def _check_whole(ini: IniFile, group: str, name: str, values: dict[str, str]) -> None:
    missing = sorted(_WHOLE[group] - set(values))
    if missing:
        raise BadFile(f"{ini.name}: {name} does not say {', '.join(missing)}: export the whole configuration")


def _chosen(ini: IniFile, choice: Choice, group: str, above: dict[str, str]) -> str:
    """By name; else what the bundle has as active, what the printer prefers, or the only one."""
    there = presets(ini, group)
    active = ini.sections.get("presets", {}).get(group, "")
    preferred = split_strings(above.get(f"default_{group}_profile", ""), f"{ini.name}: default_{group}_profile")[:1]
    name = choice.of(group)
    for candidate in (active, *preferred, *(there if len(there) == 1 else ())):
        name = name or (candidate if candidate in there else "")
    if not name:
        raise BadFile(f"{ini.name}: say --{group}: {_some(there)}")
    if name not in there:
        raise BadFile(f"{ini.name}: there is no {group} {name!r}: {_some(there)}")
    return name


def _some(names: tuple[str, ...]) -> str:
    if not names:
        return "the file has none"
    return f"there are {len(names)}: {', '.join(names[:8])}{', …' if len(names) > 8 else ''}"


def _resolved(ini: IniFile, group: str, name: str, children: tuple[str, ...]) -> dict[str, str]:
    """Own keys over those of the parents. Raises BadFile."""
    if name in children:
        raise BadFile(f"{ini.name}: {group} {name!r} inherits from itself: {' → '.join((*children, name))}")
    own = ini.sections[f"{group}:{name}"]
    merged: dict[str, str] = {}
    for parent in split_strings(own.get("inherits", ""), f"{ini.name}: {group} {name!r}, inherits"):
        if f"{group}:{parent}" not in ini.sections:
            if _WHOLE[group] <= set(own):
                continue  # a person's own preset, exported whole: its parent is one that PrusaSlicer ships
            raise BadFile(
                f"{ini.name}: {group} {name!r} inherits from {parent!r}, which is not in the file: export them together"
            )
        merged |= _resolved(ini, group, parent, (*children, name))
    merged |= own
    return {key: value for key, value in merged.items() if key not in _OWN}
