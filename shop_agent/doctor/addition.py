"""A machine that was found goes into the owner's files: its section, its policy, limits and profile to fill in.

Comments and layout of the files stay. What nobody has measured is left out, or stands there as a comment; the files
are loaded before any of them is replaced.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Table

from broker.wire.shop import BY_HAND, Process
from drivers.finding import Found, Outcome, Place, any_speed, look_at_all
from shop_agent.doctor.places import entry_url, lasting_name, machine_at
from shop_agent.errors import BadConfig
from shop_agent.settings import AgentConfig, load_config, load_policy, read_api_key
from slicer_bridge.programs.words import Dialect

Size = tuple[float, float, float]
DIALECTS = {"marlin": Dialect.MARLIN, "grbl": Dialect.GRBL, "moonraker": Dialect.KLIPPER, "prusalink": Dialect.MARLIN}
"""What a driver's machines speak; the firmware behind OctoPrint, and machines run by hand, may speak any."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What only a person can say. `port` empty: run by hand."""

    name: str
    port: str
    materials: tuple[str, ...]
    tool_mm: float
    process: Process | None = None
    dialect: Dialect | None = None
    volume_mm: Size | None = None
    baudrate: int | None = None
    key_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Added:
    firmware: str
    written: tuple[Path, ...]
    missing: tuple[str, ...]
    """What has to be filled in by hand before anything runs."""


def add(path: Path, wanted: Wanted) -> Added:
    """Raises BadConfig; nothing has changed then."""
    text = _read(path)
    config = _known(path, text)
    found = _find(config, wanted)
    dialect = wanted.dialect or DIALECTS.get(found.driver)
    if dialect is None:
        raise BadConfig(f"say --dialect: {found.firmware or 'a machine run by hand'} may speak any")
    section = _section(wanted, found)
    policy = path.resolve().parent / _policy_name(text)
    limits, profile = f"{wanted.name}.limits.toml", f"{wanted.name}.profile.toml"
    policy_text = _read(policy)
    new_policy = _with_limits(policy_text, wanted.name, limits)
    fresh = {path.resolve().parent / profile: _profile(wanted, section)}
    if new_policy != policy_text:
        fresh[policy.parent / limits] = _limits(wanted, found, dialect)
    _replace_both(path, _with_machine(text, section, profile), policy, new_policy)
    written = [file for file, content in fresh.items() if _create(file, content)]
    return Added(found.firmware, (path, policy, *written), tuple(_missing(fresh)))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadConfig(
            f"{path} can't be read ({error.strerror}): write it first, docs/workshop.md shows how"
        ) from error
    except UnicodeDecodeError as error:
        raise BadConfig(f"{path}: can't be read as TOML: {error}") from error


def _known(path: Path, text: str) -> AgentConfig | None:
    """None where the shop has no machine yet. Raises BadConfig."""
    try:
        has_machines = "machines" in tomlkit.parse(text)
    except TOMLKitError as error:
        raise BadConfig(f"{path}: can't be read as TOML: {error}") from error
    return load_config(path) if has_machines else None


def _policy_name(text: str) -> str:
    return str(tomlkit.parse(text).get("policy", "policy.toml"))


# What there is ------------------------------------------------------------------------------------


def _find(config: AgentConfig | None, wanted: Wanted) -> Found:
    """Raises BadConfig unless the machine answers and is new."""
    machines = config.machines if config else ()
    if any(one.name == wanted.name for one in machines):
        raise BadConfig(f"there is a machine {wanted.name} already")
    if not wanted.port:
        return Found("", Outcome.FOUND, BY_HAND)
    url = entry_url(wanted.port)
    taken = machine_at(machines, url)
    if taken is not None:
        raise BadConfig(f"{wanted.port} is the port of {taken.name} already")
    key = read_api_key(wanted.key_file) if wanted.key_file else ""
    (found,) = look_at_all([Place(url, key, wanted.baudrate)])
    if found.outcome is not Outcome.FOUND:
        raise BadConfig(f"{wanted.port}: {found.outcome}: {f'{found.firmware} {found.detail}'.strip()}")
    return found


def _section(wanted: Wanted, found: Found) -> Table:
    """Raises BadConfig for what neither machine nor owner has said."""
    process = wanted.process or {"grbl": Process.CUT2D, BY_HAND: None}.get(found.driver, Process.FDM)
    told = found.capabilities.volume_mm if found.capabilities else None
    volume_mm = wanted.volume_mm or told
    if process is None or volume_mm is None:
        lacking = "--process" if process is None else "--volume"
        raise BadConfig(f"say {lacking}: {found.firmware or 'a machine run by hand'} does not tell it")
    section = tomlkit.table()
    section["name"], section["driver"], section["process"] = wanted.name, found.driver, process.value
    if found.url:
        section["port"] = lasting_name(found.url)
    if found.baudrate is not None and not any_speed(found.url):
        section["baudrate"] = found.baudrate
    if wanted.key_file is not None:
        section["api_key_file"] = str(wanted.key_file.resolve())
    section["volume_mm"] = [_number(side) for side in volume_mm]
    section["materials"], section["tool_mm"] = list(wanted.materials), wanted.tool_mm
    if process is Process.CUT2D:
        section["attended"] = True
    return section


def _number(value: float) -> int | float:
    return int(value) if value == int(value) else value


# What is written ----------------------------------------------------------------------------------


def _with_machine(text: str, section: Table, profile: str) -> str:
    section["profile"] = profile
    document = tomlkit.parse(text)
    machines = document.get("machines")
    if machines is None:
        machines = tomlkit.aot()
        document.add("machines", machines)
    if not isinstance(machines, AoT):
        raise BadConfig("agent.toml: machines must be [[machines]] sections, so that one can be added")
    section.trivia.indent = "\n"
    machines.append(section)
    return tomlkit.dumps(document)


def _with_limits(text: str, name: str, limits: str) -> str:
    """The policy, naming these limits; one that names some already is left as it is."""
    document = tomlkit.parse(text)
    machines = document.get("machines")
    if machines is None:
        machines = tomlkit.table(is_super_table=True)
        document.add("machines", machines)
    if name not in machines:
        entry = tomlkit.table()
        entry["limits"] = limits
        machines[name] = entry
    return tomlkit.dumps(document)


def _limits(wanted: Wanted, found: Found, dialect: Dialect) -> str:
    told = found.capabilities.volume_mm if found.capabilities else None
    volume_mm = wanted.volume_mm or told
    source = f"{found.firmware} tells this travel" if told and not wanted.volume_mm else "as you gave its volume"
    spans = [(-side, 0.0) if dialect is Dialect.GRBL else (0.0, side) for side in volume_mm or ()]
    axes = [f"# {axis} = [{low:g}, {high:g}]" for axis, (low, high) in zip("xyz", spans, strict=False)]
    heat = ["# max_spindle_rpm = "] if dialect is Dialect.GRBL else ["# max_hotend_c = ", "# max_bed_c = "]
    lines = [
        f"# What {wanted.name} may be told to do: docs/limits.md. Measure, then fill in; nothing runs before.",
        f'dialect = "{dialect.value}"',
        "# max_feed_mm_s = ",
        *heat,
        "",
        f"# {source}; see where it homes, and what its coordinates are there:",
        "# [envelope_mm]",
        *axes,
    ]
    return "\n".join(lines) + "\n"


def _profile(wanted: Wanted, section: Table) -> str:
    lines = [f"# How {wanted.name} likes to work: docs/workshop.md. What is left out has common values."]
    if section["process"] == Process.CUT2D.value:
        lines += [f'\n# [tools."{material}"]\n# feed_mm_s = \n# spindle_rpm = ' for material in wanted.materials]
    return "\n".join(lines) + "\n"


def _create(file: Path, content: str) -> bool:
    """Whether it had to be written; the owner's own file stays."""
    try:
        with file.open("x", encoding="utf-8") as new:
            new.write(content)
    except FileExistsError:
        return False
    return True


def _missing(fresh: dict[Path, str]) -> list[str]:
    """Keys that wait for a value."""
    return [
        f"{file}: {line.removeprefix('# ').split(' =')[0]}"
        for file in fresh
        for line in file.read_text(encoding="utf-8").splitlines()
        if (line.startswith("# ") and line.rstrip().endswith("=")) or line == "# [envelope_mm]"
    ]


def _replace_both(agent: Path, agent_text: str, policy: Path, policy_text: str) -> None:
    """Both files or neither: they must load, and name the same machines. Raises BadConfig."""
    agent, policy = agent.resolve(), policy.resolve()
    new_agent, new_policy = _beside(agent), _beside(policy)
    try:
        for file, new, text in ((agent, new_agent, agent_text), (policy, new_policy, policy_text)):
            _write_like(file, new, text)
        config = load_config(new_agent).model_copy(update={"policy": new_policy})
        load_policy(config)
        new_policy.replace(policy)
        new_agent.replace(agent)
    except BadConfig as error:
        named = str(error).replace(str(new_agent), str(agent)).replace(str(new_policy), str(policy))
        raise BadConfig(f"nothing was changed: {named}") from error
    except OSError as error:
        raise BadConfig(f"{agent.parent} can't be written: {error}") from error
    finally:
        for new in (new_agent, new_policy):
            new.unlink(missing_ok=True)


def _beside(file: Path) -> Path:
    return file.with_name(f".{file.name}.{os.getpid()}")


def _write_like(file: Path, new: Path, text: str) -> None:
    """With the mode and owner of the file that it is to replace."""
    with new.open("x", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    shutil.copymode(file, new)
    was = file.stat()
    if (was.st_uid, was.st_gid) != (new.stat().st_uid, new.stat().st_gid):
        os.chown(new, was.st_uid, was.st_gid)
