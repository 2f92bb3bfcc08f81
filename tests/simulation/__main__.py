"""`python -m tests.simulation`: many schedules, each from its seed; or the defects that its judges must notice."""

import logging
import os
import signal
import time
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from tests.simulation.mutants import hunt
from tests.simulation.schedule import run
from tests.simulation.tally import Tally, every_transition, tallies

_SHOWN = 10
"""Violations that are listed."""
_TOLD_EVERY_S = 60.0
"""How far it is, where no terminal shows it."""


def main(
    schedules: Annotated[int, typer.Option(min=1, help="how many")] = 1000,
    seed: Annotated[int, typer.Option(help="of the first; each schedule has the next")] = 1,
    jobs: Annotated[int, typer.Option(min=1, help="processes")] = min(2, os.cpu_count() or 1),
    story: Annotated[bool, typer.Option("--story", help="tell what happened in one schedule")] = False,
    mutants: Annotated[bool, typer.Option("--mutants", help="plant defects, and see each noticed")] = False,
) -> None:
    """Exits with 1 if a promise was broken, or a defect wasn't noticed."""
    signal.signal(signal.SIGTERM, _end)
    console = Console(soft_wrap=True, markup=False, highlight=False)
    if mutants:
        raise typer.Exit(hunt(console, seed, jobs))
    if story:
        raise typer.Exit(_tell(console, seed))
    raise typer.Exit(_run(console, seed, schedules, jobs))


def _end(number: int, _frame: FrameType | None) -> None:
    """As Ctrl-C does: no process is left behind."""
    raise SystemExit(128 + number)


def _tell(console: Console, seed: int) -> int:
    logging.disable(logging.CRITICAL)
    outcome = run(seed, told=True)
    for line in outcome.story:
        console.print(line)
    console.print(f"seed {seed}: {len(outcome.violations)} violations")
    return bool(outcome.violations)


def _run(console: Console, seed: int, schedules: int, jobs: int) -> int:
    begun, whole = time.monotonic(), Tally()
    told_s = begun
    with console.status("") as status:
        for whole in tallies(seed, schedules, jobs):
            now_s = time.monotonic()
            rate = whole.schedules / (now_s - begun)
            far = f"{whole.schedules} of {schedules}, {rate:.0f}/s, {len(whole.violations)} violations"
            status.update(far)
            if not console.is_terminal and now_s - told_s >= _TOLD_EVERY_S:
                console.print(far)
                told_s = now_s
    took_s = time.monotonic() - begun
    _show(console, whole)
    console.print(
        f"{whole.schedules} schedules in {took_s:.0f} s, {whole.schedules / took_s:.1f} a second; "
        f"{whole.events / whole.schedules:.0f} events and {whole.virtual_s / whole.schedules / 60:.0f} minutes each"
    )
    for number, violation in whole.violations[:_SHOWN]:
        console.print(f"seed {number}: {violation.invariant}: {violation.what}")
        console.print(f"    replay: python -m tests.simulation --seed {number} --story")
    console.print(f"violations: {len(whole.violations)}")
    return bool(whole.violations)


def _show(console: Console, whole: Tally) -> None:
    faults = Table("fault", "times", box=None)
    for kind, times in whole.faults.most_common():
        faults.add_row(kind.value, str(times))
    console.print(faults)
    points = Table("killed at", "times", box=None)
    for point, times in whole.points.most_common():
        points.add_row(point, str(times))
    console.print(points)
    table, every = Table("transition", "by", "times", box=None), every_transition()
    for before, after, actor in every:
        table.add_row(f"{before} → {after}", actor, str(whole.transitions[before, after, actor]))
    console.print(table)
    hit = sum(bool(whole.transitions[one]) for one in every)
    console.print(f"transitions seen: {hit} of {len(every)}")


if __name__ == "__main__":
    typer.run(main)
