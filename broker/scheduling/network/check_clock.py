"""Is there time, and is somebody there? One machine after the other, one workshop after the other."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from broker.scheduling.network.problem import Bools, Floats, Plan, Problem

SLACK_S = 1e-3


def wrong_clock(problem: Problem, plan: Plan) -> Iterator[str]:
    """Violations of a plan whose indices are sound."""
    yield from _wrong_lengths(problem, plan)
    yield from _wrong_sequences(problem, plan)
    yield from _wrong_blocks(problem, plan)
    yield from _wrong_shifts(problem, plan)
    yield from _wrong_people(problem, plan)
    for run in np.flatnonzero(plan.begin_s < problem.now_s - SLACK_S):
        yield f"run {run} begins at {plan.begin_s[run]:.0f} s, before now"
    for run in np.flatnonzero(plan.start_s >= problem.horizon_s):
        yield f"run {run} starts at {plan.start_s[run]:.0f} s, beyond the horizon"


def _wrong_lengths(problem: Problem, plan: Plan) -> Iterator[str]:
    kind = problem.machines.kind[plan.machine]
    of_entry = np.repeat(kind, np.diff(plan.entry_first))
    seconds = plan.entry_pieces * problem.lots.piece_s[plan.entry_lot, of_entry]
    total = np.concatenate([[0.0], np.cumsum(seconds)])
    needs = problem.classes.overhead_s[kind] + np.diff(total[plan.entry_first])
    # The running sum loses digits that a run's own doesn't.
    slack = SLACK_S + 1e-12 * total[-1]
    for run in np.flatnonzero(~(np.abs(plan.end_s - plan.start_s - needs) <= slack)):
        yield f"run {run} lasts {plan.end_s[run] - plan.start_s[run]:.3f} s, needs {needs[run]:.3f} s"


def _wrong_sequences(problem: Problem, plan: Plan) -> Iterator[str]:
    """Each machine's runs one after the other, with the change that each needs."""
    kinds, lots = problem.classes, problem.lots
    free, loaded = problem.machines.ready_s.tolist(), problem.machines.family.tolist()
    fixed = (kinds.clear_s + kinds.count_s)[problem.machines.kind].tolist()
    setup = problem.setup_s.tolist()
    families = lots.family[plan.entry_lot[plan.entry_first[:-1]]].tolist()
    rows = zip(plan.machine.tolist(), plan.begin_s.tolist(), plan.start_s.tolist(), plan.end_s.tolist(), strict=True)
    for run, (machine, begin, start, end) in enumerate(rows):
        if begin < free[machine] - SLACK_S:
            yield f"run {run} begins at {begin:.0f} s, machine {machine} is free from {free[machine]:.0f} s"
        needs = fixed[machine] + setup[loaded[machine]][families[run]]
        if start - begin < needs - SLACK_S:
            yield f"run {run}: {start - begin:.0f} s for a change that takes {needs:.0f} s"
        free[machine], loaded[machine] = end, families[run]


def _wrong_blocks(problem: Problem, plan: Plan) -> Iterator[str]:
    machines = problem.machines
    for machine, (begin, end) in zip(machines.block_machine.tolist(), machines.block_s.tolist(), strict=True):
        within = (plan.machine == machine) & (plan.begin_s < end - SLACK_S) & (plan.end_s > begin + SLACK_S)
        for run in np.flatnonzero(within):
            yield f"run {run}: machine {machine} is taken from {begin:.0f} to {end:.0f} s"


def _wrong_shifts(problem: Problem, plan: Plan) -> Iterator[str]:
    """Somebody of one shift is there for as long as the run needs them."""
    kind = problem.machines.kind[plan.machine]
    last = plan.start_s + problem.classes.watch_s[kind]
    last = np.where(problem.classes.unattended[kind], last, np.maximum(last, plan.end_s))
    shifts = _shifts(problem)
    workshop = problem.machines.workshop[plan.machine].tolist()
    for run, (shop, begin, until) in enumerate(zip(workshop, plan.begin_s.tolist(), last.tolist(), strict=True)):
        starts, ends = shifts[shop]
        shift = bisect_right(starts, begin + SLACK_S) - 1
        if shift < 0 or ends[shift] < until - SLACK_S:
            yield f"run {run}: nobody of workshop {shop} is there from {begin:.0f} to {until:.0f} s"


def _shifts(problem: Problem) -> list[tuple[list[float], list[float]]]:
    """[W] begins and ends."""
    workshops = problem.workshops
    rows = [workshops.shift_s[a:b] for a, b in zip(workshops.shift_first, workshops.shift_first[1:], strict=False)]
    return [(shift[:, 0].tolist(), shift[:, 1].tolist()) for shift in rows]


def _wrong_people(problem: Problem, plan: Plan) -> Iterator[str]:
    """A sweep over each workshop's begins and ends."""
    until = plan.start_s + problem.classes.watch_s[problem.machines.kind[plan.machine]]
    events: dict[int, list[tuple[float, int]]] = defaultdict(list)
    busy = _lasting(plan.begin_s, until)
    for shop, begin, end in zip(
        problem.machines.workshop[plan.machine][busy].tolist(),
        plan.begin_s[busy].tolist(),
        until[busy].tolist(),
        strict=True,
    ):
        events[shop] += [(begin + SLACK_S / 2, 1), (end - SLACK_S / 2, -1)]
    for shop, moments in sorted(events.items()):
        level, most = 0, int(problem.workshops.operators[shop])
        for when, step in sorted(moments):
            level += step
            if level > most:
                yield f"workshop {shop}: {level} people are busy at {when:.0f} s, it has {most}"
                break


def _lasting(begin_s: Floats, end_s: Floats) -> Bools:
    """A moment needs nobody."""
    return end_s - begin_s > SLACK_S
