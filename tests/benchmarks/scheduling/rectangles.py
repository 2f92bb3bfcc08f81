"""Rectangles into bins: beside the best known of the published instances, and beside rectpack."""

import json
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console

from broker.scheduling.rectangles.problem import Bins, Rectangles
from broker.scheduling.rectangles.solve import pack
from broker.scheduling.stopping import AfterSeconds
from tests.benchmarks.berkey_wang import Instance, instances
from tests.benchmarks.rows import Row
from tests.peers.environments import environment

SECONDS = 0.95
"""A search; with what comes before and after it, within a second."""
SEEDS = (1, 2)
"""Of our own instances, made by the published recipes."""
_RECTPACK = Path(__file__).parents[1] / "planners" / "rectpack_bins.py"
_PUBLISHED = Path(__file__).parents[4] / "shared" / "data" / "instances" / "rectangles" / "rectangles.json"
_WAYS = {False: "oriented", True: "rotated"}


@dataclass(frozen=True, slots=True)
class _Run:
    bins: int
    bound: int
    longest_s: float
    cpu_s: float
    wall_s: float


def rows(seconds: float | None) -> list[Row]:
    found = []
    for rotate in _WAYS:
        found += _published(rotate, seconds or SECONDS) if _PUBLISHED.exists() else []
        found += _generated(rotate, seconds or SECONDS)
    return found


def _published(rotate: bool, seconds: float) -> list[Row]:
    cases = json.loads(_PUBLISHED.read_text(encoding="utf-8"))
    given = [Instance(case["instance"], (case["bin"][0], case["bin"][1]), case["items"]) for case in cases]
    best = sum(case[f"best_{_WAYS[rotate]}"] for case in cases)
    run = _packed(given, rotate, seconds)
    name = f"{len(given)} published, {_WAYS[rotate]}"
    return [
        _row(name, run, "best known", best, "<= 1.010"),
        _row(name, run, "rectpack MaxRectsBssf", _rectpack(given, rotate), ""),
        Row("rectangles", name, "longest", "s", run.longest_s, goal="<= 1", cpu_s=run.cpu_s, wall_s=run.wall_s),
    ]


def _generated(rotate: bool, seconds: float) -> list[Row]:
    given = [instance for seed in SEEDS for instance in instances(seed)]
    run = _packed(given, rotate, seconds)
    name = f"{len(given)} of the same recipes, {_WAYS[rotate]}"
    return [
        _row(name, run, "lower bound", run.bound, ""),
        _row(name, run, "rectpack MaxRectsBssf", _rectpack(given, rotate), ""),
    ]


def _row(case: str, run: _Run, peer: str, theirs: int, goal: str) -> Row:
    ratio = run.bins / theirs
    return Row("rectangles", case, "bins", "", run.bins, peer, theirs, ratio, goal, run.cpu_s, run.wall_s)


def _packed(given: Sequence[Instance], rotate: bool, seconds: float) -> _Run:
    Console(stderr=True).print(f"{len(given)} instances, {_WAYS[rotate]}", style="dim")
    for instance in given[::5]:
        _pack(instance, rotate, 0.01)  # some are searched: whatever has to be compiled is
    bins, bound, longest_s = 0, 0, 0.0
    began_s, cpu_s = time.monotonic(), time.process_time()
    for instance in given:
        began = time.monotonic()
        packed = _pack(instance, rotate, seconds)
        longest_s = max(longest_s, time.monotonic() - began)
        bins, bound = bins + packed.number, bound + packed.bound
    return _Run(bins, bound, longest_s, time.process_time() - cpu_s, time.monotonic() - began_s)


def _pack(instance: Instance, rotate: bool, seconds: float) -> Bins:
    size = np.array(instance.items, dtype=np.float64)
    width, depth = instance.bin
    problem = Rectangles(size, np.ones(len(size), dtype=np.int64), (float(width), float(depth)), 0.0, rotate)
    return pack(problem, AfterSeconds(seconds, time.monotonic), seed=1)


def _rectpack(given: Sequence[Instance], rotate: bool) -> int:
    """Bins in all."""
    cases = [{"bin": instance.bin, "items": instance.items, "rotate": rotate} for instance in given]
    command = [str(environment("planning") / "bin" / "python"), str(_RECTPACK)]
    done = subprocess.run(command, input=json.dumps(cases), capture_output=True, text=True, check=True, timeout=600)
    return sum(json.loads(done.stdout))
