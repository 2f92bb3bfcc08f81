"""Small networks with calendars, people and splits, against optima that CP-SAT proves.

Every time is a whole minute, so that CP-SAT's optimum is the problem's own. Ours has its seconds; CP-SAT has `PROVE_S`,
and instances that it doesn't prove aren't counted.
"""

import json
import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from broker.scheduling.errors import Infeasible
from broker.scheduling.network.check import check, require_feasible
from broker.scheduling.network.figures import figures
from broker.scheduling.network.problem import (
    Classes,
    Figures,
    Floats,
    Ints,
    Lots,
    Machines,
    Plan,
    Problem,
    Workshops,
)
from broker.scheduling.network.solve import solve
from broker.scheduling.stopping import AfterSeconds
from tests.benchmarks.rows import Row
from tests.peers.environments import environment

CASES = 120
PROVE_S = 30.0
SECONDS = 2.0
MINUTE_S = 60.0
_DAY = 1440
_DAYS = 6
_SCRIPT = Path(__file__).parents[1] / "planners" / "cp_sat_network.py"
_TOLERANCE = 1e-3


def instance(seed: int) -> dict[str, Ints]:
    """Whole minutes: 4 to 12 lots, 2 to 4 machines of 3 classes (one of them attended) in 2 workshops.

    Half of the lots are of one or two pieces; a plate holds one to four. What can't be made in good time is rejected.
    """
    rng = np.random.default_rng(seed)
    lots, machines = int(rng.integers(4, 13)), int(rng.integers(2, 5))
    kind = np.concatenate([[0], rng.integers(0, 3, machines - 1)])
    able = rng.random((lots, 3)) < 0.6
    able[np.arange(lots), rng.choice(kind, lots)] = True
    quantity = rng.choice([1, 2, 3, 4, 6], lots, p=[0.3, 0.2, 0.2, 0.2, 0.1])
    piece = rng.integers(2, 41, (lots, 3)) * 6
    piece[:, 2] = rng.integers(1, 13, lots) * 5
    starts, ends = rng.integers(7, 10, 2) * 60, rng.integers(15, 19, 2) * 60
    shifts = [(d * _DAY + starts[w], d * _DAY + ends[w]) for w in range(2) for d in range(_DAYS) if d != 5]
    release = np.where(rng.random(lots) < 0.5, 0, rng.integers(0, 2 * _DAY, lots))
    weight = rng.choice([1, 2, 4], lots)
    return {
        "quantity": quantity,
        "family": rng.integers(0, 3, lots),
        "release": release,
        "due": release + rng.integers(30, 84, lots) * 60,
        "weight": weight,
        "rejection": weight * rng.integers(2, 7, lots) * _DAY,
        "piece": piece,
        "per_plate": np.where(able, np.minimum(rng.integers(1, 5, (lots, 3)), quantity[:, None]), 0),
        "unattended": np.array([1, 1, 0]),
        "overhead": np.array([10, 20, 5]),
        "clear": np.array([10, 10, 15]),
        "watch": np.array([5, 10, 0]),
        "setup": np.where(np.eye(4, 3) > 0, 0, rng.integers(1, 7, (4, 3)) * 5),
        "machine_kind": kind,
        "machine_workshop": rng.integers(0, 2, machines),
        "machine_ready": rng.integers(0, 12, machines) * 60,
        "machine_family": rng.integers(0, 4, machines),
        "operators": rng.choice([1, 1, 2], 2),
        "shifts": np.array(shifts),
        "shift_workshop": np.repeat([0, 1], _DAYS - 1),
        "ship": rng.integers(12, 49, (lots, 2)) * 60,
        "horizon": np.array(_DAYS * _DAY),
    }


def posed(arrays: dict[str, Ints]) -> Problem:
    """The same in seconds."""
    a = arrays
    lots, zeros = len(a["quantity"]), np.zeros(len(a["quantity"]))
    per_plate = a["per_plate"].astype(np.int64)
    return Problem(
        lots=Lots(
            quantity=a["quantity"].astype(np.int64),
            family=a["family"].astype(np.int64),
            release_s=_s(a["release"]),
            due_s=_s(a["due"]),
            deadline_s=np.full(lots, np.inf),
            weight=a["weight"].astype(np.float64),
            rejection=_s(a["rejection"]),
            waiting_cost=zeros,
            order=np.arange(lots, dtype=np.int64),
            place=np.arange(lots, dtype=np.int64),
            share=np.full(lots, -1, dtype=np.int64),
            material=np.full(lots, -1, dtype=np.int64),
            use=zeros.copy(),
            piece_s=np.where(per_plate > 0, _s(a["piece"]), 0.0),
            per_plate=per_plate,
            reason=(per_plate == 0).astype(np.int64),
        ),
        classes=Classes(
            unattended=a["unattended"].astype(np.bool_),
            overhead_s=_s(a["overhead"]),
            clear_s=_s(a["clear"]),
            count_s=np.zeros(3),
            watch_s=_s(a["watch"]),
            cost_per_s=np.zeros(3),
        ),
        machines=Machines(
            workshop=a["machine_workshop"].astype(np.int64),
            kind=a["machine_kind"].astype(np.int64),
            ready_s=_s(a["machine_ready"]),
            family=a["machine_family"].astype(np.int64),
            block_machine=np.zeros(0, dtype=np.int64),
            block_s=np.zeros((0, 2)),
        ),
        workshops=Workshops(
            operators=a["operators"].astype(np.int64),
            shift_first=np.arange(3, dtype=np.int64) * (_DAYS - 1),
            shift_s=_s(a["shifts"]),
            ship_s=_s(a["ship"]),
            ship_cost=np.zeros((lots, 2)),
            operator_cost_per_s=np.zeros(2),
            stock=np.zeros((2, 0)),
        ),
        setup_s=_s(a["setup"]),
        horizon_s=float(a["horizon"]) * MINUTE_S,
        reasons=("", "another class of machine"),
    )


def _s(minutes: Ints) -> Floats:
    return np.asarray(minutes * MINUTE_S, dtype=np.float64)


def rows(seconds: float | None) -> list[Row]:
    """How many of the proven optima ours reaches; theirs is their number."""
    problems = {f"small_{seed:03d}": posed(instance(seed)) for seed in range(CASES)}
    optima = _optima(problems)
    reached, began, used = 0, time.perf_counter(), time.process_time()
    found = []
    for name, optimum in optima.items():
        result = solve(problems[name], AfterSeconds(seconds or SECONDS, time.monotonic), seed=1)
        require_feasible(problems[name], result)
        ours = _lost_min(result.figures)
        if ours < optimum - _TOLERANCE:
            raise AssertionError(f"{name}: {ours} is better than the optimum, {optimum}")
        at_best = ours <= optimum + _TOLERANCE
        reached += at_best
        if not at_best:
            found.append(Row("small", name, "weighted tardiness", "min", ours, "CP-SAT's optimum", optimum))
    count = len(optima)
    wall_s, cpu_s = time.perf_counter() - began, time.process_time() - used
    found.append(Row("small", "all", "proven optima", "instances", count, goal=">= 50"))
    found.append(Row("small", "all", "of them above 0", "instances", sum(optimum > 0 for optimum in optima.values())))
    row = Row(
        "small", "all", "of them reached", "instances", reached, "CP-SAT", count, reached / max(count, 1), ">= 0.95"
    )
    return [*found, replace(row, cpu_s=cpu_s, wall_s=wall_s)]


def _optima(problems: dict[str, Problem]) -> dict[str, float]:
    """Weighted tardiness and rejections, minutes, of the instances that CP-SAT proves."""
    python = environment("planning") / "bin" / "python"
    with tempfile.TemporaryDirectory() as folder:
        for seed, name in enumerate(problems):
            np.savez(Path(folder) / f"{name}.npz", allow_pickle=False, **instance(seed))
        command = [str(python), str(_SCRIPT), folder, str(PROVE_S), "2"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    return {answer["case"]: _checked(problems[answer["case"]], answer) for answer in answers if answer["proven"]}


def _checked(problem: Problem, answer: dict[str, Any]) -> float:
    """The answer's value, which its runs have here too, against no rule."""
    runs = np.array(sorted(answer["runs"], key=lambda run: (run[3], run[0])), dtype=np.int64).reshape(-1, 6)
    plan = Plan(
        machine=runs[:, 0].copy(),
        begin_s=_s(runs[:, 3]),
        start_s=_s(runs[:, 4]),
        end_s=_s(runs[:, 5]),
        entry_first=np.arange(len(runs) + 1, dtype=np.int64),
        entry_lot=runs[:, 1].copy(),
        entry_pieces=runs[:, 2].copy(),
    )
    broken = check(problem, plan)
    if broken:
        raise Infeasible(broken)
    value = _lost_min(figures(problem, plan))
    if abs(value - answer["value"]) > _TOLERANCE:
        raise AssertionError(f"{answer['case']}: {value}, for CP-SAT {answer['value']}")
    return value


def _lost_min(said: Figures) -> float:
    return (said.tardiness + said.rejected) / MINUTE_S
