"""A PrusaSlicer profile goes into the shop's files, and its blocks before their owner's eyes.

Written are the imported profile beside agent.toml and its name into the machine's profile file; never policy.toml.
"""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError

from broker.wire.shop import Process
from shop_agent.blocks import approvals_for
from shop_agent.doctor.addition import DIALECTS
from shop_agent.errors import BadConfig
from shop_agent.profiles import Profile, load_profile
from shop_agent.settings import AgentConfig, MachineSection, load_policy, machine_limits
from slicer_bridge.errors import BridgeError
from slicer_bridge.programs.limits import Dialect, MachineLimits
from slicer_bridge.slicing.shop.approval import Approval
from slicer_bridge.slicing.shop.bundle import Choice
from slicer_bridge.slicing.shop.imported import Imported, ImportedProfile, import_profile
from slicer_bridge.slicing.shop.machine_fit import check_fit, differences, limits_from_profile, limits_text
from slicer_bridge.slicing.shop.profile_file import profile_text
from slicer_bridge.slicing.shop.supposition import Supposition, suppose


@dataclass(frozen=True, slots=True)
class Taken:
    """What an import has written, and what its owner should know."""

    imported: Imported
    written: tuple[Path, ...]
    differences: tuple[str, ...]
    limits: str
    """TOML that would hold this profile's programs."""
    unapproved: tuple[str, ...]
    """Slots of blocks that wait for their owner."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One block before its owner."""

    supposition: Supposition
    files: tuple[Path, ...]
    approved: bool


def take(config: AgentConfig, folder: Path, file: Path, machine: str, material: str, choice: Choice) -> Taken:
    """Raises BadConfig; nothing has changed then."""
    section = _printer(config, machine)
    if material not in section.materials:
        raise BadConfig(f"{machine} takes {', '.join(section.materials)}, not {material}: add it to agent.toml first")
    limits = _limits(config, machine)
    profile_file = load_profile(section.profile)
    printer = profile_file.printer(section.spec())
    try:
        imported = import_profile(_read(file), file.name, choice)
        check_fit(imported.profile, printer)
    except BridgeError as error:
        raise BadConfig(str(error)) from error
    target = folder / f"{machine}.{section.tool_mm:g}.{_slug(material)}.imported.toml"
    named = _with_import(
        section.profile, material, f"{section.tool_mm:g}", os.path.relpath(target, section.profile.parent)
    )
    _replace(target, profile_text(imported.profile))
    _replace(section.profile, named)
    pinned = _pinned(config, machine)
    return Taken(
        imported=imported,
        written=(target, section.profile),
        differences=differences(imported.profile, printer, limits),
        limits=limits_text(
            limits_from_profile(
                imported.profile, limits.dialect if limits else DIALECTS.get(section.driver, Dialect.MARLIN)
            ),
            file.name,
        ),
        unapproved=tuple(block.slot for block in imported.profile.blocks if (block.kind, block.sha256) not in pinned),
    )


def look(config: AgentConfig, machine: str, material: str = "") -> tuple[Shown, ...]:
    """Every block of the machine's imported profiles, or of one material's. Raises BadConfig."""
    section = _printer(config, machine)
    limits = _limits(config, machine)
    if limits is None:
        raise BadConfig(f"{machine} has no limits yet, which say what its firmware speaks: docs/limits.md")
    profile = load_profile(section.profile)
    found: dict[tuple[str, str], tuple[Supposition, list[Path]]] = {}
    for own, path in _imported(profile, section, material):
        for block in own.blocks:
            key = (block.kind.value, block.sha256)
            if key not in found:
                found[key] = suppose(block, limits.dialect, limits), []
            found[key][1].append(path)
    pinned = _pinned(config, machine)
    return tuple(
        Shown(one, tuple(files), (one.block.kind, one.block.sha256) in pinned) for one, files in found.values()
    )


def snippet(machine: str, shown: Iterable[Shown]) -> str:
    """`[[blocks]]` for policy.toml, of what isn't approved yet; empty if all is."""
    return "\n".join(_entry(machine, one) for one in shown if not one.approved)


def _entry(machine: str, shown: Shown) -> str:
    approval = shown.supposition.approval
    words = ", ".join(f'"{word}"' for word in sorted(approval.words))
    lines = [
        f"[[blocks]]    # {shown.supposition.block.slot} of {', '.join(path.name for path in shown.files)}",
        f'machine = "{machine}"',
        f'kind = "{approval.kind.value}"',
        f'sha256 = "{approval.sha256}"',
        f"words = [{words}]",
        *(f"{name} = {_value(value)}" for name, value in _effects(approval)),
    ]
    return "\n".join(lines) + "\n"


def _effects(approval: Approval) -> list[tuple[str, object]]:
    """Those that say something."""
    found: list[tuple[str, object]] = []
    if approval.homed:
        found.append(("homed", True))
    if approval.hotend_c is not None:
        found.append(("hotend_c", approval.hotend_c))
    if approval.bed_c is not None:
        found.append(("bed_c", approval.bed_c))
    if approval.duration_s:
        found.append(("duration_s", approval.duration_s))
    if approval.returns:
        found.append(("returns", True))
    return found


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float | int) else f'"{value}"'


def _imported(profile: Profile, section: MachineSection, material: str) -> list[tuple[ImportedProfile, Path]]:
    names = [material] if material else [one for one in section.materials if one in profile.tables.get("imported", {})]
    found: list[tuple[ImportedProfile, Path]] = []
    for name in names:
        try:
            own = profile.imported(name, section.tool_mm)
        except BridgeError as error:
            raise BadConfig(str(error)) from error
        if own is not None:
            found.append((own, profile.imported_path(name, section.tool_mm)))
    if not found:
        raise BadConfig(f"{section.name} has no imported profile{f' for {material}' if material else ''}: import one")
    return found


def _pinned(config: AgentConfig, machine: str) -> set[tuple[object, str]]:
    return {(one.kind, one.sha256) for one in approvals_for(load_policy(config).blocks, machine)}


def _printer(config: AgentConfig, machine: str) -> MachineSection:
    section = config.machine(machine)
    if section.process is not Process.FDM:
        raise BadConfig(f"{machine} is no printer: PrusaSlicer makes no programs for it")
    return section


def _limits(config: AgentConfig, machine: str) -> MachineLimits | None:
    """None while their file waits to be filled in."""
    try:
        return machine_limits(config, load_policy(config), machine)
    except BadConfig:
        return None


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadConfig(f"{file} can't be read: {error.strerror}") from error


def _slug(material: str) -> str:
    return re.sub(r"[^A-Za-z0-9+_-]+", "-", material)[:60]


def _with_import(path: Path, material: str, nozzle: str, file: str) -> str:
    """The machine's profile file, naming this one; comments and layout stay."""
    try:
        document = tomlkit.parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, TOMLKitError) as error:
        raise BadConfig(f"{path}: can't be read as TOML: {error}") from error
    imported = document.setdefault("imported", tomlkit.table(is_super_table=True))
    files = imported.setdefault(material, tomlkit.table())
    files[nozzle] = file
    return tomlkit.dumps(document)


def _replace(path: Path, text: str) -> None:
    """Whole or not at all. Raises BadConfig."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fresh.write_text(text, encoding="utf-8")
        if path.exists():
            fresh.chmod(path.stat().st_mode & 0o777)
        fresh.replace(path)
    except OSError as error:
        raise BadConfig(f"{path} can't be written: {error.strerror}") from error
    finally:
        fresh.unlink(missing_ok=True)
