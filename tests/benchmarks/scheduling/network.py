"""A fortnight of whole networks, beside the best of the simple rules of the shared instances.

Ours plans in a process of its own, warm, from arrays in memory; the rules run as a shop would run them. Both plans go
to the same judge.
"""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.rows import Row

_TOOLS = Path(__file__).parents[4] / "shared" / "tools" / "network"
_PLANNER = "tests.benchmarks.planners.network"
_RULES = ("setup", "weighted")
"""The two of the four that are best in anything."""
Report = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    shops: int
    machines: int
    lots: int
    seed: int
    seconds: float

    @property
    def name(self) -> str:
        return f"{self.lots}x{self.machines} seed {self.seed}"


SMALL = tuple(Case(60, 200, 1600, seed, 10.0) for seed in range(1, 6))
SATURATED = tuple(Case(340, 1000, 10_000, seed, 20.0) for seed in range(1, 4))
LARGE = Case(340, 10_000, 100_000, 1, 30.0)


def rows(seconds: float | None) -> list[Row]:
    """Every size; empty, with a word, where the shared tools are missing."""
    if not _TOOLS.is_dir():
        print(f"network: left out, {_TOOLS} is missing")
        return []
    return [*_small(seconds), *_saturated(seconds), *_large(seconds)]


def _small(seconds: float | None) -> list[Row]:
    found, ours_h, theirs_h = [], 0.0, 0.0
    for case in SMALL:
        ours, theirs = _compared(case, seconds)
        best = min(theirs.values(), key=lambda report: report["weighted_tardiness_h"])
        done = max(report["lots_done"] for report in theirs.values())
        found += [
            _row(case, "feasible", "plans", ours, float(ours["feasible"]), None, ">= 1"),
            _row(case, "weighted tardiness", "h", ours, ours["weighted_tardiness_h"], best["weighted_tardiness_h"]),
            _row(case, "lots done", "lots", ours, ours["lots_done"], done, ">= 1"),
            *_use(case, ours, theirs, ""),
        ]
        ours_h, theirs_h = ours_h + ours["weighted_tardiness_h"], theirs_h + best["weighted_tardiness_h"]
    total = Row(
        "network", "1600x200 all", "weighted tardiness", "h", ours_h, "best rule", theirs_h, ours_h / theirs_h, "<= 0.5"
    )
    return [*found, total]


def _saturated(seconds: float | None) -> list[Row]:
    found = []
    for case in SATURATED:
        ours, theirs = _compared(case, seconds)
        late = min(report["weighted_tardiness_h"] for report in theirs.values())
        done = max(report["lots_done"] for report in theirs.values())
        found += [
            _row(case, "feasible", "plans", ours, float(ours["feasible"]), None, ">= 1"),
            _row(case, "first plan", "s", ours, ours["first_s"], None, "<= 1"),
            _row(case, "weighted tardiness", "h", ours, ours["weighted_tardiness_h"], late, "<= 0.6"),
            _row(case, "lots done", "lots", ours, ours["lots_done"], done, ">= 1.02"),
            *_use(case, ours, theirs, ">= 1.06"),
        ]
    return found


def _large(seconds: float | None) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        ours = _ours(LARGE, Path(folder), _instance(LARGE, Path(folder)), seconds)
    return [
        _row(LARGE, "feasible", "plans", ours, float(ours["feasible"]), None, ">= 1"),
        _row(LARGE, "dispatch", "s", ours, ours["dispatch_s"], None, "<= 1"),
        _row(LARGE, "first plan", "s", ours, ours["first_s"], None),
        _row(LARGE, "improved plan", "s", ours, ours["wall_s"], None, "<= 30"),
        _row(LARGE, "memory", "MB", ours, ours["memory_mb"], None, "<= 1500"),
        _row(LARGE, "weighted tardiness", "h", ours, ours["weighted_tardiness_h"], None),
        _row(LARGE, "lots done", "lots", ours, ours["lots_done"], None),
        *_use(LARGE, ours, {}, ""),
    ]


def _use(case: Case, ours: Report, theirs: dict[str, Report], goal: str) -> list[Row]:
    best = max((report["earned_use"] for report in theirs.values()), default=None)
    return [
        _row(case, "earned use", "of hours", ours, ours["earned_use"], best, goal),
        _row(case, "earned use, bound", "of hours", ours, ours["earned_bound"], None),
    ]


def _row(case: Case, metric: str, unit: str, report: Report, ours: float, theirs: float | None, goal: str = "") -> Row:
    ratio = None if theirs is None else ours / theirs
    peer = None if theirs is None else "best rule"
    cpu, wall = report["cpu_s"], report["wall_s"]
    return Row("network", case.name, metric, unit, ours, peer, theirs, ratio, goal, cpu_s=cpu, wall_s=wall)


def _compared(case: Case, seconds: float | None) -> tuple[Report, dict[str, Report]]:
    """The judge's report on our plan, and on each rule's."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        instance = _instance(case, folder)
        ours = _ours(case, folder, instance, seconds)
        return ours, {rule: _by_rule(folder, instance, rule) for rule in _RULES}


def _instance(case: Case, folder: Path) -> Path:
    made = folder / "instance.npz"
    sizes = ["--shops", str(case.shops), "--machines", str(case.machines), "--lots", str(case.lots)]
    _run([str(_TOOLS / "instance.py"), str(made), *sizes, "--seed", str(case.seed)])
    return made


def _ours(case: Case, folder: Path, instance: Path, seconds: float | None) -> Report:
    plan = folder / "ours.json"
    report: Report = json.loads(_run(["-m", _PLANNER, str(instance), str(plan), str(seconds or case.seconds)]))
    return {**report, **_judged(instance, plan)}


def _by_rule(folder: Path, instance: Path, rule: str) -> Report:
    plan = folder / f"{rule}.json"
    _run([str(_TOOLS / "dispatch.py"), str(instance), "--rule", rule, "--json", str(plan)])
    return _judged(instance, plan)


def _judged(instance: Path, plan: Path) -> Report:
    """The judge ends with 1 where a plan isn't feasible; its report says so."""
    command = [sys.executable, str(_TOOLS / "judge.py"), str(instance), str(plan)]
    report: Report = json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stdout)
    return report


def _run(arguments: list[str]) -> str:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True).stdout
