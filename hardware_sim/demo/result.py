"""What the demo writes with `--json` (docs/demo.schema.json): the broker's word beside the machines' own truth."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from hardware_sim.demo.kills import Killed
from hardware_sim.demo.watch import Look
from hardware_sim.network.api import ExcludedSeen, PlateSeen, RunSeen
from hardware_sim.network.machine import MachineProcess
from hardware_sim.network.mishaps import Mishap
from hardware_sim.truth.store import EpisodeRecord, read_episodes

ENDED = frozenset({"finished", "faulted", "stopped", "cancelled", "unknown"})
SLACK = timedelta(seconds=3)
"""A last move may be noted after the run's end was."""


@dataclass(frozen=True, slots=True)
class Ending:
    """All that is known when a batch has ended. `counted`: run → good pieces by material."""

    look: Look
    plates: Sequence[PlateSeen]
    excluded: Sequence[ExcludedSeen]
    machines: Sequence[MachineProcess]
    counted: dict[str, int]
    mishaps: Sequence[Mishap]
    kills: Sequence[Killed]
    seed: int
    speed: float
    wall_s: float


@dataclass(frozen=True, slots=True)
class Starts:
    """Job episodes of all machines, joined to runs by machine and time."""

    by_run: dict[str, int]
    by_machine: dict[str, tuple[EpisodeRecord, ...]]
    unattributed: int


def join_starts(runs: Sequence[RunSeen], episodes: dict[str, Sequence[EpisodeRecord]]) -> Starts:
    """An episode belongs to the run on its machine that was permitted last before it and had not ended yet."""
    by_run = dict.fromkeys((run.id for run in runs), 0)
    jobs = {name: tuple(one for one in found if one.job) for name, found in episodes.items()}
    strays = 0
    for name, found in jobs.items():
        windows = sorted((window, run.id) for run in runs if run.machine == name for window in _windows(run))
        for job in found:
            mine = [run for (begin, end), run in windows if begin <= job.started_at <= end]
            if mine:
                by_run[mine[-1]] += 1
            else:
                strays += 1
    return Starts(by_run, jobs, strays)


def _windows(run: RunSeen) -> list[tuple[datetime, datetime]]:
    """From the permit to the end of the physical part."""
    permitted = [step.at for step in run.steps if step.state == "permitted"]
    ended = [step.at for step in run.steps if step.state in ENDED]
    if not permitted:
        return []
    return [(permitted[0], (ended[-1] if ended else run.steps[-1].at) + SLACK)]


def starts_of(ending: Ending) -> Starts:
    return join_starts(ending.look.runs, {one.name: read_episodes(one.folder) for one in ending.machines})


def document(ending: Ending, starts: Starts) -> dict[str, object]:
    order, quote = ending.look.order, ending.look.order.quote
    lines = [
        {"line": one.id, "part": one.name, "material": one.material}
        | {"ordered": one.ordered, "good": one.good, "scrap": one.scrap}
        for one in order.lines
    ]
    total = {
        "ordered": sum(one.ordered for one in order.lines),
        "good": sum(one.good for one in order.lines),
        "scrap": sum(one.scrap for one in order.lines),
    }
    return {
        "seed": ending.seed,
        "speed": ending.speed,
        "order": {"id": order.id, "state": order.state},
        "pieces": {"total": total, "lines": lines, "on_beds": sum(ending.counted.values())},
        "runs": [_run(run, starts) for run in ending.look.runs],
        "unattributed_starts": starts.unattributed,
        "plates": [_plate(plate) for plate in ending.plates],
        "lots": [lot.model_dump() for lot in ending.look.lots],
        "quote": {
            "id": quote.id,
            "currency": quote.currency,
            "total": quote.total,
            "lines": [one.model_dump(exclude={"item_id"}) for one in quote.lines],
        },
        "ledger": order.ledger.model_dump(),
        "excluded": [one.model_dump() for one in ending.excluded],
        "machines": [_machine(one, ending, starts) for one in ending.machines],
        "incidents": [{"kind": one.kind, "machine": one.machine, "detail": one.detail} for one in ending.mishaps],
        "kills": [_kill(one) for one in ending.kills],
        "wall_s": round(ending.wall_s, 2),
    }


def _run(run: RunSeen, starts: Starts) -> dict[str, object]:
    return {
        "id": run.id,
        "machine": run.machine,
        "workshop": run.workshop,
        "driver": run.driver,
        "plate": run.plate,
        "state": run.state,
        "states": run.states,
        "physical_starts": starts.by_run[run.id],
        "pieces": sum(lot.pieces for lot in run.lots),
        "note": run.note,
    }


def _plate(plate: PlateSeen) -> dict[str, object]:
    document = plate.document
    return {
        "id": plate.id,
        "machine": plate.machine,
        "workshop": plate.workshop,
        "process": document.process,
        "material": document.material,
        "size_mm": document.size_mm,
        "usable_mm": document.usable_mm,
        "parts": [part.model_dump() for part in document.parts],
    }


def busy_s(episodes: Sequence[EpisodeRecord]) -> float:
    return sum((one.ended_at - one.started_at).total_seconds() for one in episodes if one.ended_at is not None)


def _machine(machine: MachineProcess, ending: Ending, starts: Starts) -> dict[str, object]:
    jobs = starts.by_machine[machine.name]
    return {
        "machine": machine.name,
        "workshop": machine.shop,
        "physical_starts": len(jobs),
        "setups": sum(one.kind == "setup" for one in read_episodes(machine.folder)),
        "busy_s": round(busy_s(jobs), 2),
        "use": round(busy_s(jobs) / ending.wall_s, 4),
    }


def _kill(kill: Killed) -> dict[str, object]:
    return {
        "process": kill.process,
        "when": kill.when,
        "at": kill.at.isoformat(),
        "pid": kill.pid,
        "new_pid": kill.new_pid,
        "runs_under_way": kill.runs_under_way,
    }


def write(path: Path, made: dict[str, object]) -> None:
    path.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
