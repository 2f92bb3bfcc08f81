"""Defects planted into the production code, one at a time: each must be noticed, by the promise that it breaks."""

import logging
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat

from rich.console import Console
from rich.table import Table

from tests.simulation.defects import DEFECTS, Defect
from tests.simulation.schedule import run

MOST = 600
"""Schedules in which a defect has to show."""


@dataclass(frozen=True, slots=True)
class Hunted:
    """`seed` of the schedule that noticed it, the first with the promise that it breaks; None: it lives."""

    name: str
    invariant: str
    seed: int | None
    schedules: int
    others: tuple[str, ...]
    """Other promises that were broken on the way."""
    what: str


def hunted(number: int, first: int) -> Hunted:
    """In a process of its own: what is planted stays."""
    logging.disable(logging.CRITICAL)
    defect = DEFECTS[number]
    others: set[str] = set()
    with defect.planted():
        for seed in range(first, first + MOST):
            found = _violations(seed, defect)
            for invariant, what in found:
                if invariant == defect.invariant:
                    return Hunted(defect.name, invariant, seed, seed - first + 1, tuple(sorted(others)), what)
                others.add(invariant)
    return Hunted(defect.name, defect.invariant, None, MOST, tuple(sorted(others)), "")


def _violations(seed: int, defect: Defect) -> Sequence[tuple[str, str]]:
    try:
        outcome = run(seed, among=defect.among, judged=defect.invariant)
    except Exception as error:  # noqa: BLE001  # a defect may well end a process; that alone notices nothing
        return [("crash", repr(error))]
    return [(violation.invariant, violation.what) for violation in outcome.violations]


def hunt(console: Console, seed: int, jobs: int) -> int:
    """How many live: 0 is the exit code of success."""
    table = Table("defect", "breaks", "noticed after", "others", "what", box=None)
    lives = 0
    with ProcessPoolExecutor(jobs, max_tasks_per_child=1) as pool, console.status("") as status:
        try:
            for done, found in enumerate(pool.map(hunted, range(len(DEFECTS)), repeat(seed)), 1):
                status.update(f"{done} of {len(DEFECTS)}")
                lives += found.seed is None
                noticed = "LIVES" if found.seed is None else f"{found.schedules} schedules"
                table.add_row(found.name, found.invariant, noticed, " ".join(found.others), found.what[:90])
        finally:
            pool.shutdown(cancel_futures=True)
    console.print(table)
    console.print(f"defects: {len(DEFECTS)}, living: {lives}")
    return min(lives, 1)
