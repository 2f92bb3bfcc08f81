"""`Live` → a network's problem, the runs that are planned in it, and what was promised."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from broker.planning.live import Live, PlannedRun
from broker.planning.posing import Posed, pose
from broker.planning.situation import OpenLine
from broker.scheduling.plates.runs import Planned
from broker.scheduling.plates.underway import Underway


@dataclass(frozen=True, slots=True)
class LivePosed:
    posed: Posed
    """Lots: what is planned, then what is open, then what is asked about. A line may be two lots."""
    underway: Underway
    rows: tuple[PlannedRun, ...]
    """What each of its runs is planned as now."""
    asked: int
    """Lots from here on are asked about."""

    @property
    def open(self) -> Posed:
        """With lines as `Change.judged` has lots: what is planned already left out."""
        return replace(self.posed, lines=self.posed.lines[self.underway.first :])


def pose_live(live: Live, asked: Sequence[OpenLine] = (), *, later_s: float | None = None) -> LivePosed | None:
    """None if there are no lines or no machines. Promised is what orders were told they are due.

    `later_s` as in `pose`; without it no run may be planned on a machine that takes no work.
    """
    planned = _unbarred(live)
    lines = (*planned, *live.situation.lines)
    posed = pose(replace(live.situation, lines=(*lines, *asked)), later_s=later_s)
    if posed is None:
        return None
    rows = in_turn(posed, live.runs)
    underway = Underway(
        problem=posed.problem,
        geometry=posed.geometry,
        runs=_runs(posed, rows, len(planned)),
        promised_s=posed.problem.lots.due_s,
        first=len(planned),
    )
    return LivePosed(posed, underway, rows, len(lines))


def _unbarred(live: Live) -> tuple[OpenLine, ...]:
    """What an agent or a shop said no to is left where it is planned already: it will say so again, or not."""
    shops = {station.machine_id: station.workshop_id for station in live.situation.stations}
    places: dict[str, set[str]] = defaultdict(set)
    for run in live.runs:
        for line in run.pieces:
            places[line] |= {run.machine_id, shops[run.machine_id]}
    return tuple(_without_bars(line, places[line.id]) for line in live.lines)


def _without_bars(line: OpenLine, places: Collection[str]) -> OpenLine:
    if not line.barred_machines and not line.barred_workshops:
        return line
    return replace(
        line,
        barred_machines={key: words for key, words in line.barred_machines.items() if key not in places},
        barred_workshops={key: words for key, words in line.barred_workshops.items() if key not in places},
    )


def in_turn(posed: Posed, planned: Sequence[PlannedRun]) -> tuple[PlannedRun, ...]:
    """In the order in which they begin: one after the other on each machine, as they were planned."""
    problem = posed.problem
    numbers = {station.machine_id: number for number, station in enumerate(posed.stations)}
    free_s = problem.machines.ready_s.tolist()
    hands_s = (problem.classes.clear_s + problem.classes.count_s)[problem.machines.kind].tolist()
    begins: dict[str, float] = defaultdict(float)
    for run in sorted(planned, key=lambda run: (run.start, run.id)):
        machine = numbers[run.machine_id]
        begins[run.id] = free_s[machine]
        free_s[machine] += hands_s[machine] + run.lasts_s
    return tuple(sorted(planned, key=lambda run: (begins[run.id], run.start, run.id)))


def _runs(posed: Posed, rows: Sequence[PlannedRun], planned: int) -> tuple[Planned, ...]:
    machines = {station.machine_id: number for number, station in enumerate(posed.stations)}
    lots = {line.id: lot for lot, line in enumerate(posed.lines[:planned])}
    return tuple(
        Planned(machines[row.machine_id], tuple(sorted((lots[line], pieces) for line, pieces in row.pieces.items())))
        for row in rows
    )


def unable(posed: LivePosed) -> frozenset[str]:
    """Ids of planned runs that their machine can't make any more, by what its shop says of it now."""
    lots, kind = posed.posed.problem.lots, posed.posed.problem.machines.kind
    return frozenset(
        row.id
        for row, run in zip(posed.rows, posed.underway.runs, strict=True)
        if any(lots.per_plate[lot, kind[run.machine]] == 0 for lot, _ in run.entries)
    )
