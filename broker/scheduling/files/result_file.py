"""What `solve` writes for a network: runs by name, figures beside their bounds, and how the search went."""

from dataclasses import asdict

from pydantic import BaseModel

from broker.scheduling.files.named import Names
from broker.scheduling.network.objective import Objective
from broker.scheduling.network.problem import Problem, Result


class Entry(BaseModel):
    lot: str
    pieces: int


class Run(BaseModel):
    machine: str
    workshop: str
    family: str
    begin_s: float
    start_s: float
    end_s: float
    lots: list[Entry]


class Left(BaseModel):
    lot: str
    pieces: int
    reason: str


class FiguresRow(BaseModel):
    tardiness: float
    rejected: float
    cost: float
    makespan_s: float
    lots_done: int
    machine_use: float
    earned_use: float
    plate_fill: float
    change_s: float


class BoundsRow(BaseModel):
    tardiness: float
    makespan_s: float
    earned_use: float
    lots_done: int


class StepRow(BaseModel):
    iteration: int
    tardiness: float
    cost: float
    sought: float | None


class ResultFile(BaseModel):
    objective: Objective
    gap: float | None
    runs: list[Run]
    unplanned: list[Left]
    figures: FiguresRow
    bounds: BoundsRow
    trace: list[StepRow]
    explanation: list[str] | None = None


class InstanceResult(BaseModel):
    """The same for an instance of arrays: a run is machine, lot, pieces, start."""

    objective: Objective
    gap: float | None
    runs: list[tuple[int, int, int, float]]
    unplanned: list[tuple[int, int, str]]
    figures: FiguresRow
    bounds: BoundsRow
    trace: list[StepRow]
    explanation: list[str] | None = None


def named_result(problem: Problem, names: Names, result: Result, explanation: list[str] | None) -> ResultFile:
    return ResultFile(
        objective=result.objective,
        gap=result.gap,
        runs=_runs(problem, names, result),
        unplanned=[Left(lot=names.lots[u.lot], pieces=u.pieces, reason=u.reason) for u in result.unplanned],
        figures=FiguresRow(**asdict(result.figures)),
        bounds=BoundsRow(**asdict(result.bounds)),
        trace=[StepRow(**asdict(step)) for step in result.trace],
        explanation=explanation,
    )


def instance_result(result: Result, explanation: list[str] | None) -> InstanceResult:
    plan = result.plan
    first, last = plan.entry_first[:-1].tolist(), plan.entry_first[1:].tolist()
    rows = zip(plan.machine.tolist(), plan.start_s.tolist(), first, last, strict=True)
    lots, pieces = plan.entry_lot.tolist(), plan.entry_pieces.tolist()
    return InstanceResult(
        objective=result.objective,
        gap=result.gap,
        runs=[(machine, lots[e], pieces[e], start) for machine, start, a, b in rows for e in range(a, b)],
        unplanned=[(left.lot, left.pieces, left.reason) for left in result.unplanned],
        figures=FiguresRow(**asdict(result.figures)),
        bounds=BoundsRow(**asdict(result.bounds)),
        trace=[StepRow(**asdict(step)) for step in result.trace],
        explanation=explanation,
    )


def _runs(problem: Problem, names: Names, result: Result) -> list[Run]:
    plan = result.plan
    runs = []
    for run, machine in enumerate(plan.machine.tolist()):
        rows = range(plan.entry_first[run], plan.entry_first[run + 1])
        lots = [Entry(lot=names.lots[plan.entry_lot[e]], pieces=int(plan.entry_pieces[e])) for e in rows]
        runs.append(
            Run(
                machine=names.machines[machine],
                workshop=names.workshops[problem.machines.workshop[machine]],
                family=names.families[problem.lots.family[plan.entry_lot[rows.start]]],
                begin_s=float(plan.begin_s[run]),
                start_s=float(plan.start_s[run]),
                end_s=float(plan.end_s[run]),
                lots=lots,
            )
        )
    return runs
