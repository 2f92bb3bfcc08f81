"""Is a plan what it says? Recomputed from problem and result alone: nothing here is shared with the solver."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import shapely
from shapely import affinity

from broker.scheduling.errors import Infeasible
from broker.scheduling.problem import Placed, PlannedPlate, Problem, Result

SLACK_MM = 1e-4
SLACK_S = 1e-3
SLACK_SHARE = 1e-6


def require_feasible(problem: Problem, result: Result) -> None:
    """Raise `Infeasible`, naming every violation, unless the result is a true plan of the problem."""
    violations = check(problem, result)
    if violations:
        raise Infeasible(violations)


def check(problem: Problem, result: Result) -> tuple[str, ...]:
    """Every violation found, in words; empty: the plan holds."""
    names = tuple(_wrong_names(problem, result))
    if names:
        return names
    found = [violation for plate in result.plates for violation in _wrong_plate(problem, plate)]
    found += _wrong_quantities(problem, result)
    found += _wrong_machines(problem, result)
    found += _wrong_people(problem, result)
    found += _wrong_figures(problem, result)
    return tuple(found)


def _wrong_names(problem: Problem, result: Result) -> Iterator[str]:
    lines, machines = problem.piece_s.shape
    for number, plate in enumerate(result.plates):
        if not 0 <= plate.machine < machines:
            yield f"plate {number} is on machine {plate.machine}: there is none"
        if not (np.isfinite(plate.start_s) and np.isfinite(plate.end_s)):
            yield f"plate {number} runs from {plate.start_s} to {plate.end_s}"
        if not plate.placed:
            yield f"plate {number} is empty"
        for placed in plate.placed:
            yield from _wrong_placed(problem, placed, f"plate {number}")
    for unplanned in result.unplanned:
        if not 0 <= unplanned.line < lines or unplanned.pieces <= 0 or not unplanned.reason:
            yield f"unplanned {unplanned} names no line, no pieces or no reason"
    for excluded in result.excluded:
        if not (0 <= excluded.line < lines and 0 <= excluded.machine < machines and excluded.reason):
            yield f"excluded {excluded} names no line, no machine or no reason"


def _wrong_placed(problem: Problem, placed: Placed, where: str) -> Iterator[str]:
    if not 0 <= placed.line < len(problem.line_shape):
        yield f"{where} holds line {placed.line}: there is none"
    elif not 0 <= placed.pose < len(problem.shapes[problem.line_shape[placed.line]].poses):
        yield f"{where} holds line {placed.line} in pose {placed.pose}: there is none"
    elif placed.at.ndim != 2 or placed.at.shape[1] != 3 or not np.isfinite(placed.at).all():
        yield f"{where}: placements of line {placed.line} are no rows of finite x, y, angle"
    elif not len(placed.at):
        yield f"{where} holds no piece of line {placed.line}"


def _wrong_plate(problem: Problem, plate: PlannedPlate) -> Iterator[str]:
    where = f"plate of machine {plate.machine} at {plate.start_s:.0f} s"
    machine = plate.machine
    seconds = float(problem.plate_s[machine])
    for placed in plate.placed:
        if problem.line_family[placed.line] != plate.family:
            yield f"{where}: line {placed.line} is of family {problem.line_family[placed.line]}, not {plate.family}"
        if not np.isfinite(problem.piece_s[placed.line, machine]):
            yield f"{where}: line {placed.line} can't be made there: {problem.exclusion[placed.line][machine]}"
        height = problem.shapes[problem.line_shape[placed.line]].poses[placed.pose].height_mm
        if height > problem.machine_height_mm[machine] + SLACK_MM:
            yield f"{where}: line {placed.line} is {height:g} mm tall"
        if plate.start_s < problem.line_release_s[placed.line] - SLACK_S:
            yield f"{where}: line {placed.line} is released at {problem.line_release_s[placed.line]:.0f} s"
        seconds += len(placed.at) * float(problem.piece_s[placed.line, machine])
    if abs(plate.end_s - plate.start_s - seconds) > SLACK_S + SLACK_SHARE * abs(plate.end_s):
        yield f"{where}: lasts {plate.end_s - plate.start_s:.3f} s, needs {seconds:.3f} s"
    yield from _wrong_nest(problem, plate, where)


def _wrong_nest(problem: Problem, plate: PlannedPlate, where: str) -> Iterator[str]:
    polygons = np.array([polygon for placed in plate.placed for polygon in _polygons(problem, placed)], dtype=object)
    usable = shapely.box(*(problem.machine_usable_mm[plate.machine] + np.array([-1, -1, 1, 1]) * SLACK_MM))
    off = np.flatnonzero(~np.asarray(shapely.covers(usable, polygons)))
    if off.size:
        yield f"{where}: {off.size} pieces lie off the usable area"
    spacing = float(problem.machine_spacing_mm[plate.machine])
    # Polygons are shrunk by the slack, so that touching is none at a spacing of 0 but an overlap always is.
    shrunk = np.asarray(shapely.buffer(polygons, -SLACK_MM, join_style="mitre"), dtype=object)
    tree = shapely.STRtree(shrunk)
    first, second = tree.query(shrunk, predicate="dwithin", distance=spacing)
    close = int(np.count_nonzero(first < second))
    if close:
        yield f"{where}: {close} pairs of pieces lie closer than {spacing:g} mm"


def _polygons(problem: Problem, placed: Placed) -> Iterator[shapely.Polygon]:
    outline = shapely.Polygon(problem.shapes[problem.line_shape[placed.line]].poses[placed.pose].outline)
    for x, y, angle_deg in placed.at.tolist():
        yield affinity.translate(affinity.rotate(outline, angle_deg, origin=(0.0, 0.0)), x, y)


def _wrong_quantities(problem: Problem, result: Result) -> Iterator[str]:
    total = np.zeros(len(problem.line_quantity), dtype=np.int64)
    for plate in result.plates:
        for placed in plate.placed:
            total[placed.line] += len(placed.at)
    for unplanned in result.unplanned:
        total[unplanned.line] += unplanned.pieces
    for line in np.flatnonzero(total != problem.line_quantity):
        yield f"line {line}: {total[line]} pieces planned or left out, {problem.line_quantity[line]} ordered"


def _wrong_machines(problem: Problem, result: Result) -> Iterator[str]:
    barred = {(excluded.line, excluded.machine) for excluded in result.excluded}
    for plate in result.plates:
        for placed in plate.placed:
            if (placed.line, plate.machine) in barred:
                yield f"line {placed.line} is made on machine {plate.machine}, which is said to be left out"
    if any(later.start_s < earlier.start_s for earlier, later in pairwise(result.plates)):
        yield "plates aren't in order of start"
    for plate, setup_begins_s, before in _setups(problem, result):
        if setup_begins_s < before - SLACK_S:
            yield f"machine {plate.machine}: set-up at {setup_begins_s:.0f} s, but free from {before:.0f} s only"


def _setups(problem: Problem, result: Result) -> Iterator[tuple[PlannedPlate, float, float]]:
    """Every plate, when its set-up begins, and when its machine became free."""
    free = problem.machine_ready_s.copy()
    loaded = problem.machine_family.copy()
    for plate in sorted(result.plates, key=lambda plate: plate.start_s):
        machine = plate.machine
        change = 0.0 if loaded[machine] == plate.family else float(problem.change_s[machine])
        yield plate, plate.start_s - float(problem.clear_s[machine]) - change, float(free[machine])
        free[machine], loaded[machine] = plate.end_s, plate.family


def _wrong_people(problem: Problem, result: Result) -> Iterator[str]:
    busy: dict[int, list[tuple[float, float]]] = {}
    for plate, begin_s, _ in _setups(problem, result):
        busy.setdefault(int(problem.machine_workshop[plate.machine]), []).append((begin_s, plate.start_s))
        if begin_s < -SLACK_S:
            yield f"machine {plate.machine}: set-up begins at {begin_s:.0f} s, before the plan"
    for workshop, times in sorted(busy.items()):
        for (_, earlier_end), (later_begin, _) in pairwise(sorted(times)):
            if later_begin < earlier_end - SLACK_S:
                yield f"workshop {workshop}: a person sets up two machines at {later_begin:.0f} s"


def _wrong_figures(problem: Problem, result: Result) -> Iterator[str]:
    arrival = np.full(len(problem.line_quantity), -np.inf)
    parcels: set[tuple[int, int]] = set()
    cost = 0.0
    for plate, begin_s, _ in _setups(problem, result):
        workshop = int(problem.machine_workshop[plate.machine])
        cost += (plate.end_s - begin_s) * float(problem.machine_cost_per_s[plate.machine])
        for placed in plate.placed:
            arrival[placed.line] = max(arrival[placed.line], plate.end_s + problem.ship_s[workshop])
            parcels.add((workshop, 0 if problem.line_order is None else int(problem.line_order[placed.line])))
    cost += sum(float(problem.ship_cost[workshop]) for workshop, _ in parcels)
    late = np.where(np.isfinite(problem.line_due_s), np.maximum(arrival - problem.line_due_s, 0.0), 0.0)
    figures = (
        ("tardiness", result.tardiness, float((late * problem.line_weight).sum())),
        ("cost", result.cost, cost),
        ("makespan", result.makespan_s, max((plate.end_s for plate in result.plates), default=0.0)),
    )
    for name, said, true in figures:
        if not abs(said - true) <= SLACK_S + SLACK_SHARE * abs(true):
            yield f"{name} is {true:.3f}, said to be {said:.3f}"
    if not result.bound_makespan_s <= result.makespan_s * (1 + SLACK_SHARE) + SLACK_S:
        yield f"bound of the makespan {result.bound_makespan_s:.3f} lies over the makespan {result.makespan_s:.3f}"
