"""`llagar-rig report`: what a rig was, and what happened in it, in one file from which it can be started again."""

import json
import platform
import subprocess
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from hardware_sim.rig.by_hand import Deed, read_deeds
from hardware_sim.rig.errors import BadRigFile
from hardware_sim.rig.folder import RigState
from hardware_sim.rig.hands import Panels
from hardware_sim.rig.logs import LogTail
from hardware_sim.rig.plan import Plan, Planned, words

PATIENCE_S = 5.0
_SOURCE = Path(__file__).parents[2]
_PACKAGES = ("llagar", "pydantic", "rich", "typer")


class Versions(BaseModel):
    model_config = ConfigDict(frozen=True)

    python: str
    system: str
    packages: dict[str, str]
    revision: str
    """Of the sources that ran, if they stand in a git work tree; "…+" where files differ from it."""


class About(BaseModel):
    """`bundle.json`."""

    model_config = ConfigDict(frozen=True)

    seed: int
    command: tuple[str, ...]
    started_at: datetime
    reported_at: datetime
    running: bool
    versions: Versions


def write_report(state: RigState, out: Path) -> None:
    """Bundle a rig that runs or has ended. Raises OSError if the file can't be written."""
    plan = state.plan()
    running = state.runs()
    summaries = _summaries(state, plan, running)
    about = About(
        seed=plan.seed,
        command=state.command,
        started_at=state.started_at,
        reported_at=datetime.now(UTC),
        running=running,
        versions=_versions(),
    )
    deeds = _deeds(state)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("bundle.json", about.model_dump_json(indent=1) + "\n")
        bundle.write(state.rig_file, "rig.toml")
        bundle.write(state.plan_file, "plan.json")
        bundle.writestr("by_hand.jsonl", "".join(deed.model_dump_json() + "\n" for deed in deeds))
        bundle.writestr("faults.jsonl", "".join(json.dumps(line) + "\n" for line in _faults(plan, deeds)))
        for machine in plan.machines:
            _add_machine(bundle, state, machine)
            bundle.writestr(f"machines/{machine.name}/summary.json", summaries.get(machine.name, "null\n"))


def read_bundle(path: Path) -> tuple[str, Plan]:
    """The rig.toml of a bundle, and its plan: faults that were brought about by hand are planned now.

    Raises BadRigFile.
    """
    try:
        with zipfile.ZipFile(path) as bundle:
            text = bundle.read("rig.toml").decode()
            plan = Plan.model_validate_json(bundle.read("plan.json"))
            deeds = read_deeds(bundle.read("by_hand.jsonl").decode())
    except OSError as error:
        raise BadRigFile(f"{path}: can't be read: {error.strerror}") from error
    except (zipfile.BadZipFile, KeyError, UnicodeDecodeError) as error:
        raise BadRigFile(f"{path}: no bundle of `llagar-rig report`: {error}") from error
    except ValidationError as error:
        raise BadRigFile("{}: {}: {}".format(path, *words(error))) from error
    return text, Plan(seed=plan.seed, machines=tuple(_with_deeds(one, deeds) for one in plan.machines))


def _with_deeds(machine: Planned, deeds: list[Deed]) -> Planned:
    by_hand = [fault for deed in deeds if deed.machine == machine.name and (fault := deed.fault()) is not None]
    faults = (*machine.config.faults, *by_hand)
    return Planned(shop=machine.shop, config=machine.config.model_copy(update={"faults": faults}))


def _summaries(state: RigState, plan: Plan, running: bool) -> dict[str, str]:
    """As JSON: of the machines themselves while they run, else as they stood at the end."""
    if running:
        with Panels({one.name: one.config.control for one in plan.machines}) as panels:
            return {name: stand.model_dump_json(indent=1) + "\n" for name, stand in panels.look(PATIENCE_S).items()}
    files = {one.name: state.summary(one.name) for one in plan.machines}
    return {name: file.read_text(encoding="utf-8") for name, file in files.items() if file.exists()}


def _deeds(state: RigState) -> list[Deed]:
    return read_deeds(state.by_hand.read_text(encoding="utf-8")) if state.by_hand.exists() else []


def _add_machine(bundle: zipfile.ZipFile, state: RigState, machine: Planned) -> None:
    for file, name in ((machine.config.folder / "log.jsonl", "log.jsonl"), (state.log(machine.name), "process.log")):
        if file.exists():
            bundle.write(file, f"machines/{machine.name}/{name}")


def _faults(plan: Plan, deeds: list[Deed]) -> Iterator[dict[str, object]]:
    """What was planned, what came by hand, and what fired, as one log."""
    for machine in plan.machines:
        for planned in machine.config.faults:
            yield {"machine": machine.name, "what": "planned", **planned.model_dump(mode="json")}
        for deed in deeds:
            fault = deed.fault()
            if deed.machine == machine.name and fault is not None:
                at = deed.at.isoformat()
                yield {"machine": machine.name, "what": "by hand", "when": at, **fault.model_dump(mode="json")}
        for line in LogTail(machine.config.folder / "log.jsonl").new():
            if line.event == "fault":
                yield {"machine": machine.name, "what": "fired", "when": line.at, **line.details()}


def _versions() -> Versions:
    return Versions(
        python=platform.python_version(),
        system=platform.platform(),
        packages={name: found for name in _PACKAGES if (found := _version(name))},
        revision=_revision(),
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _revision() -> str:
    command = ["git", "-C", str(_SOURCE), "describe", "--always", "--abbrev=40", "--dirty=+", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip()
