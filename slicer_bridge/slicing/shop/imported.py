"""A shop's PrusaSlicer profile for one machine, nozzle and material: taken over by an allow-list, the rest dropped."""

import hashlib
from dataclasses import dataclass

from slicer_bridge.errors import BadFile
from slicer_bridge.slicing.shop.block_text import MAX_BYTES, PER_FILAMENT, SLOTS, Block, make_block
from slicer_bridge.slicing.shop.bundle import Choice, Flat, flatten
from slicer_bridge.slicing.shop.ini import read_ini, split_strings, unescaped
from slicer_bridge.slicing.shop.setting_kinds import KINDS, cleaned, is_right, why_dropped

UNKNOWN = "not known to this version"
NEEDED = ("bed_shape", "nozzle_diameter", "temperature", "first_layer_temperature", "filament_diameter")
"""Without a value for these nobody knows whether the profile fits its machine."""
FLAVORS = {"marlin": "marlin", "marlin2": "marlin2", "klipper": "marlin", "reprap": "marlin", "sprinter": "marlin"}
"""What PrusaSlicer writes for; Klipper takes what legacy Marlin takes, and RepRap's is the common core of both."""


@dataclass(frozen=True, slots=True)
class ImportedProfile:
    """Everything that is the shop's own in how a machine prints a material; keys and values are PrusaSlicer's."""

    source: str
    source_sha256: str
    printer: str
    print: str
    filament: str
    settings: dict[str, str]
    blocks: tuple[Block, ...]

    @property
    def nozzle_mm(self) -> float:
        return self.number("nozzle_diameter")

    def number(self, key: str, otherwise: float = 0.0) -> float:
        value = self.settings.get(key, "")
        return float(value.removesuffix("%")) if value not in {"", "nil"} else otherwise

    @property
    def sha256(self) -> str:
        """Of settings and blocks, however their file is laid out."""
        lines = [f"{key} = {value}\n" for key, value in sorted(self.settings.items())]
        lines += [f"{block.slot} {block.sha256}\n" for block in sorted(self.blocks, key=lambda block: block.slot)]
        return hashlib.sha256("".join(lines).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Dropped:
    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class Imported:
    profile: ImportedProfile
    dropped: tuple[Dropped, ...]
    notes: tuple[str, ...]
    """What was taken otherwise than it stands in the file."""


def import_profile(data: bytes, name: str, choice: Choice | None = None) -> Imported:
    """Raises BadFile for what is no profile of a filament printer, or holds values of another kind."""
    flat = flatten(read_ini(data, name), choice or Choice())
    settings, dropped = _settings(flat, name)
    empty = [key for key in NEEDED if key not in settings]
    if empty:
        raise BadFile(f"{name}: {', '.join(empty)} has no value: export the whole configuration")
    notes: list[str] = []
    flavor = settings.get("gcode_flavor", "")
    if flavor not in FLAVORS:
        raise BadFile(f"{name}: gcode_flavor = {flavor}: machines are driven that speak {', '.join(sorted(FLAVORS))}")
    settings["gcode_flavor"] = FLAVORS[flavor]
    if FLAVORS[flavor] != flavor:
        notes.append(f"gcode_flavor {flavor} is written as {FLAVORS[flavor]}, which it takes too")
    tools = flat.values["nozzle_diameter"].count(",") + 1
    if tools > 1:
        notes.append(f"of {tools} tools the first alone is used")
    profile = ImportedProfile(
        source=name,
        source_sha256=hashlib.sha256(data).hexdigest(),
        printer=flat.names["printer"],
        print=flat.names["print"],
        filament=flat.names["filament"],
        settings=settings,
        blocks=_blocks(flat, name),
    )
    return Imported(profile, dropped, tuple(notes))


def _settings(flat: Flat, name: str) -> tuple[dict[str, str], tuple[Dropped, ...]]:
    taken: dict[str, str] = {}
    dropped: list[Dropped] = []
    named = {f"{group}_settings_id": preset for group, preset in flat.names.items() if preset}
    for key, value in sorted({**flat.values, **named}.items()):
        if key in SLOTS:
            continue
        if key not in KINDS:
            dropped.append(Dropped(key, why_dropped(key) or UNKNOWN))
            continue
        plain = cleaned(key, value)
        if plain == "":
            continue
        if not is_right(key, plain):
            where = flat.names.get(flat.origin.get(key, ""), "")
            raise BadFile(f"{name}: {where + ': ' if where else ''}{key} = {value[:60]}: it must be {KINDS[key]}")
        taken[key] = plain
    return taken, tuple(dropped)


def _blocks(flat: Flat, name: str) -> tuple[Block, ...]:
    found: list[Block] = []
    for slot in SLOTS:
        value = flat.values.get(slot, "")
        if slot in PER_FILAMENT:
            text = (*split_strings(value, f"{name}: {slot}"), "")[0]
        else:
            text = unescaped(value.removeprefix('"').removesuffix('"') if value.startswith('"') else value)
        if len(text.encode()) > MAX_BYTES:
            raise BadFile(f"{name}: {slot} has over {MAX_BYTES:,} bytes")
        block = make_block(slot, text)
        if block is not None:
            found.append(block)
    return tuple(found)
