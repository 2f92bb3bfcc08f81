"""An imported profile as a file of the shop's: TOML that a person can read, block texts as they are."""

import tomllib
from pathlib import Path

from pydantic import BaseModel, Field, ValidationError

from slicer_bridge.errors import BadLimits
from slicer_bridge.slicing.shop.block_text import SLOTS, make_block
from slicer_bridge.slicing.shop.imported import FLAVORS, NEEDED, ImportedProfile
from slicer_bridge.slicing.shop.setting_kinds import KINDS, is_right

_HEAD = """# Imported by llagar-agent profile import. Settings are PrusaSlicer's; change them there, and import again.
# A block whose text changes has to be approved again: llagar-agent profile approve.
"""


class _File(BaseModel, frozen=True, extra="forbid"):
    source: str
    source_sha256: str = Field(pattern=r"[0-9a-f]{64}")
    printer: str
    print: str
    filament: str
    settings: dict[str, str]
    blocks: dict[str, str]


def profile_text(profile: ImportedProfile) -> str:
    """The file's whole text."""
    keys = ("source", "source_sha256", "printer", "print", "filament")
    values = (profile.source, profile.source_sha256, profile.printer, profile.print, profile.filament)
    lines = [_HEAD, *(f"{key} = {_basic(value)}\n" for key, value in zip(keys, values, strict=True))]
    lines.append("\n[settings]\n")
    lines += [f"{key} = {_basic(value)}\n" for key, value in sorted(profile.settings.items())]
    lines.append("\n[blocks]\n")
    lines += [f"{block.slot} = {_long(block.text)}\n" for block in profile.blocks]
    return "".join(lines)


def load_profile_file(path: Path) -> ImportedProfile:
    """Raises BadLimits, naming file and key."""
    try:
        file = _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise BadLimits(f"{path}: can't be read: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadLimits(f"{path}: can't be read as TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise BadLimits(
            f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}: import the profile anew"
        ) from error
    _check(path, file)
    blocks = (make_block(slot, file.blocks[slot]) for slot in SLOTS if slot in file.blocks)
    return ImportedProfile(
        source=file.source,
        source_sha256=file.source_sha256,
        printer=file.printer,
        print=file.print,
        filament=file.filament,
        settings=file.settings,
        blocks=tuple(block for block in blocks if block is not None),
    )


def _check(path: Path, file: _File) -> None:
    for key, value in file.settings.items():
        if key not in KINDS:
            raise BadLimits(f"{path}: {key} is no setting that a profile may hold: take it out")
        if not is_right(key, value):
            raise BadLimits(f"{path}: {key} = {value!r}: it must be {KINDS[key]}")
    missing = [key for key in NEEDED if key not in file.settings]
    if missing:
        raise BadLimits(f"{path}: {', '.join(missing)} is missing: import the profile anew")
    if file.settings.get("gcode_flavor") not in FLAVORS.values():
        raise BadLimits(f"{path}: gcode_flavor must be one of {', '.join(sorted(set(FLAVORS.values())))}")
    foreign = sorted(set(file.blocks) - set(SLOTS))
    if foreign:
        raise BadLimits(f"{path}: {foreign[0]} is no block: there are {', '.join(SLOTS)}")


def _basic(text: str) -> str:
    return f'"{_escaped(text, kept="")}"'


def _long(text: str) -> str:
    """Over several lines, as it is wherever TOML can hold it so."""
    plain = all(char.isprintable() or char in "\n\t" for char in text)
    if plain and "'''" not in text and not text.endswith("'"):
        return f"'''\n{text}'''"
    return '"""\n' + _escaped(text, kept="\n\t") + '"""'


def _escaped(text: str, kept: str) -> str:
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return "".join(char if char.isprintable() or char in kept else f"\\U{ord(char):08x}" for char in quoted)
