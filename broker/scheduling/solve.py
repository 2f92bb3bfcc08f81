"""From a problem to its plan."""

from collections.abc import Callable

import numpy as np

from broker.scheduling.bound import bound_makespan
from broker.scheduling.construct import kept_whole, shared_out
from broker.scheduling.errors import NestingFault
from broker.scheduling.improve import Descent
from broker.scheduling.problem import Placed, PlannedPlate, Problem, Result
from broker.scheduling.timeline import Clock, Timeline
from broker.scheduling.workload import Batch, Queues, Workload, workload


def solve(problem: Problem, stop: Callable[[], bool], seed: int) -> Result:
    """Choose machines, plates, order and times for every piece that can be made.

    Parameters
    ----------
    problem
        What to make and where.
    stop
        Asked often; once it is true the best plan so far is returned. Without it the search ends by itself.
    seed
        Of the order in which moves are tried: the same problem and seed give the same plan, unless `stop` cut in.

    Returns
    -------
    Result
        Feasible by `check`: tardiness least first, then waiting and cost. What can't be made is in `unplanned`.
    """
    load, excluded, unplanned = workload(problem)
    timeline = Timeline(load)
    descent = Descent(load, timeline, stop, np.random.default_rng(seed))
    starts = dict.fromkeys([shared_out(load, timeline), kept_whole(load, timeline)])
    queues = descent.kick(min([descent.descend(queues) for queues in starts], key=timeline.score))
    clock = timeline.clock(queues)
    plates = _plates(problem, load, queues, clock)
    return Result(
        plates=plates,
        excluded=excluded,
        unplanned=unplanned,
        tardiness=clock.tardiness,
        cost=clock.cost,
        makespan_s=max((plate.end_s for plate in plates), default=0.0),
        bound_makespan_s=bound_makespan(problem, load),
    )


def _plates(problem: Problem, load: Workload, queues: Queues, clock: Clock) -> tuple[PlannedPlate, ...]:
    plates = [
        PlannedPlate(machine, load.family[batch[0][0]], start_s, end_s, _laid_out(problem, load, machine, batch))
        for machine, queue in enumerate(queues)
        for batch, start_s, end_s in zip(queue, clock.start_s[machine], clock.end_s[machine], strict=True)
    ]
    return tuple(sorted(plates, key=lambda plate: (plate.start_s, plate.machine)))


def _laid_out(problem: Problem, load: Workload, machine: int, batch: Batch) -> tuple[Placed, ...]:
    """The batch's nest, dealt out to its lines, in the machine's own coordinates."""
    nest = load.nester.nest(load.beds[machine], load.pieces(batch))
    if nest is None:
        raise NestingFault(f"a batch that was planned on machine {machine} doesn't fit it: {batch}")
    at = nest.at + np.append(problem.machine_usable_mm[machine, :2], 0.0)
    rows: dict[int, list[int]] = {}
    for row, shape in enumerate(nest.shape):
        rows.setdefault(shape, []).append(row)
    placed = []
    for line, pieces in batch:
        taken, rows[load.shape[line]] = rows[load.shape[line]][:pieces], rows[load.shape[line]][pieces:]
        placed.append(Placed(line, nest.pose[taken[0]], at[taken]))
    return tuple(placed)
