"""Does what a plan makes lie where it can be made? From polygons alone: nothing here is shared with the nester."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import shapely
from shapely import affinity

from broker.scheduling.errors import Infeasible
from broker.scheduling.network.problem import Plan, Problem
from broker.scheduling.plates.geometry import Geometry, Table
from broker.scheduling.plates.placed import Layout, Placed

SLACK_MM = 1e-4


def require_laid_out(problem: Problem, geometry: Geometry, plan: Plan, layouts: Sequence[Layout]) -> None:
    """Raise `Infeasible`, naming every violation, unless the layouts are those of the plan's runs."""
    violations = check_layouts(problem, geometry, plan, layouts)
    if violations:
        raise Infeasible(violations)


def check_layouts(problem: Problem, geometry: Geometry, plan: Plan, layouts: Sequence[Layout]) -> tuple[str, ...]:
    """Every violation found, in words; empty: each run's pieces lie on its table, apart from each other."""
    if len(layouts) != len(plan.machine):
        return (f"{len(plan.machine)} runs have {len(layouts)} layouts",)
    found: list[str] = []
    for run, layout in enumerate(layouts):
        machine = int(plan.machine[run])
        where = f"run {run} on machine {machine}"
        names = tuple(_wrong_names(geometry, layout, where))
        found += names or _wrong_run(problem, geometry, plan, run, layout, where)
    return tuple(found)


def _wrong_names(geometry: Geometry, layout: Layout, where: str) -> Iterator[str]:
    if not layout:
        yield f"{where} is empty"
    for placed in layout:
        if not 0 <= placed.lot < len(geometry.lot_shape):
            yield f"{where} holds lot {placed.lot}: there is none"
        elif not 0 <= placed.pose < len(geometry.shape(placed.lot).poses):
            yield f"{where} holds lot {placed.lot} in pose {placed.pose}: there is none"
        elif placed.at.ndim != 2 or placed.at.shape[1] != 3 or not np.isfinite(placed.at).all():
            yield f"{where}: placements of lot {placed.lot} are no rows of finite x, y, angle"
        elif not len(placed.at):
            yield f"{where} holds no piece of lot {placed.lot}"


def _wrong_run(problem: Problem, geometry: Geometry, plan: Plan, run: int, layout: Layout, where: str) -> Iterator[str]:
    kind = int(problem.machines.kind[plan.machine[run]])
    yield from _wrong_pieces(plan, run, layout, where)
    yield from _wrong_company(problem, layout, where)
    tables = {int(geometry.lot_table[placed.lot, kind]) for placed in layout}
    if len(tables) != 1 or min(tables) < 0:
        yield f"{where}: its lots lie on tables {sorted(tables)}, must lie on one"
        return
    table = geometry.tables[tables.pop()]
    for placed in layout:
        height = geometry.shape(placed.lot).poses[placed.pose].height_mm
        if height > table.height_mm + SLACK_MM:
            yield f"{where}: lot {placed.lot} is {height:g} mm tall, at most {table.height_mm:g} mm go there"
    yield from _wrong_nest(geometry, table, layout, where)


def _wrong_pieces(plan: Plan, run: int, layout: Layout, where: str) -> Iterator[str]:
    of = slice(int(plan.entry_first[run]), int(plan.entry_first[run + 1]))
    planned = dict(zip(plan.entry_lot[of].tolist(), plan.entry_pieces[of].tolist(), strict=True))
    laid: Counter[int] = Counter()
    for placed in layout:
        laid[placed.lot] += len(placed.at)
    for lot in sorted(planned.keys() | laid.keys()):
        if planned.get(lot, 0) != laid[lot]:
            yield f"{where}: {laid[lot]} pieces of lot {lot} are laid out, {planned.get(lot, 0)} planned"


def _wrong_company(problem: Problem, layout: Layout, where: str) -> Iterator[str]:
    lots = sorted({placed.lot for placed in layout})
    families = {int(problem.lots.family[lot]) for lot in lots}
    if len(families) > 1:
        yield f"{where}: lots of families {sorted(families)} lie together"
    shares = {int(problem.lots.share[lot]) for lot in lots}
    if len(lots) > 1 and (len(shares) > 1 or -1 in shares):
        yield f"{where}: lots {lots} lie together, and may not"


def _wrong_nest(geometry: Geometry, table: Table, layout: Layout, where: str) -> Iterator[str]:
    polygons = np.array([polygon for placed in layout for polygon in _polygons(geometry, placed)], dtype=object)
    usable = shapely.box(*(np.array(table.usable_mm) + np.array([-1, -1, 1, 1]) * SLACK_MM))
    off = int(np.count_nonzero(~np.asarray(shapely.covers(usable, polygons))))
    if off:
        yield f"{where}: {off} pieces lie off the usable area"
    # Shrunk by the slack, so that touching is none at a spacing of 0 but an overlap always is.
    shrunk = np.asarray(shapely.buffer(polygons, -SLACK_MM, join_style="mitre"), dtype=object)
    for box in table.forbidden_mm:
        hit = int(np.count_nonzero(shapely.intersects(shapely.box(*box), shrunk)))
        if hit:
            yield f"{where}: {hit} pieces reach into the forbidden {box}"
    first, second = shapely.STRtree(shrunk).query(shrunk, predicate="dwithin", distance=table.spacing_mm)
    close = int(np.count_nonzero(first < second))
    if close:
        yield f"{where}: {close} pairs of pieces lie closer than {table.spacing_mm:g} mm"


def _polygons(geometry: Geometry, placed: Placed) -> Iterator[shapely.Polygon]:
    outline = shapely.Polygon(geometry.shape(placed.lot).poses[placed.pose].outline)
    for x, y, angle_deg in placed.at.tolist():
        yield affinity.translate(affinity.rotate(outline, angle_deg, origin=(0.0, 0.0)), x, y)
