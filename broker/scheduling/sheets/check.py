"""A plan judged by the problem alone: shares no code with what made it."""

from collections.abc import Iterator

import numpy as np
import shapely
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from broker.scheduling.errors import Infeasible
from broker.scheduling.sheets.problem import GRAIN_ALONG_X, NO_GRAIN, Pattern, Problem, Result

ROUNDING_MM = 1e-4
ROUNDING_MM2 = 1e-3
ROUNDING_DEG = 1e-6


def violations(problem: Problem, result: Result) -> list[str]:
    """Every rule that a result breaks, in words; empty where it keeps all."""
    found = [*_numbers(problem, result), *_figures(problem, result)]
    for place, pattern in enumerate(result.patterns):
        found += [f"pattern {place}: {fault}" for fault in _pattern(problem, pattern)]
    return found


def check(problem: Problem, result: Result) -> None:
    """Raise `Infeasible` with all that is wrong, or return."""
    found = violations(problem, result)
    if found:
        raise Infeasible(tuple(found))


def _numbers(problem: Problem, result: Result) -> Iterator[str]:
    """Every piece once, on a sheet or left out with its reason; no more sheets than there are."""
    accounted = np.zeros(len(problem.lots.outlines), dtype=np.int64)
    opened = np.zeros(len(problem.stock.outlines), dtype=np.int64)
    for pattern in result.patterns:
        if pattern.copies < 1:
            yield f"a pattern on stock {pattern.stock} has {pattern.copies} copies"
        opened[pattern.stock] += pattern.copies
        for lot in pattern.lot.tolist():
            accounted[lot] += pattern.copies
    for left in result.left_out:
        accounted[left.lot] += left.pieces
        if left.pieces < 1 or not left.reason:
            yield f"lot {left.lot}: {left.pieces} pieces left out for {left.reason!r}"
    for lot in np.flatnonzero(accounted != problem.lots.quantity).tolist():
        yield f"lot {lot}: {accounted[lot]} pieces accounted for, {problem.lots.quantity[lot]} wanted"
    for kind in np.flatnonzero(opened > problem.stock.number).tolist():
        yield f"stock {kind}: {opened[kind]} sheets opened, {problem.stock.number[kind]} there"


def _pattern(problem: Problem, pattern: Pattern) -> Iterator[str]:
    if pattern.at.shape != (len(pattern.lot), 3) or not np.isfinite(pattern.at).all():
        yield f"`at` is of shape {pattern.at.shape} or not finite, needs ({len(pattern.lot)}, 3)"
        return
    for lot in np.unique(pattern.lot).tolist():
        if problem.lots.material[lot] != problem.stock.material[pattern.stock]:
            yield f"lot {lot} lies on another material"
    pieces = [_piece(problem, pattern, k) for k in range(len(pattern.lot))]
    yield from _grain(problem, pattern)
    yield from _inside(problem, pattern, pieces)
    yield from _apart(problem, pattern, pieces)
    yield from _kept(problem, pattern, pieces)


def _piece(problem: Problem, pattern: Pattern, place: int) -> shapely.Polygon:
    x, y, angle = pattern.at[place].tolist()
    polygon = shapely.Polygon(problem.lots.outlines[int(pattern.lot[place])])
    return affinity.translate(affinity.rotate(polygon, angle, origin=(0, 0)), x, y)


def _grain(problem: Problem, pattern: Pattern) -> Iterator[str]:
    grain = int(problem.stock.grain[pattern.stock])
    if grain == NO_GRAIN:
        return
    along = 0.0 if grain == GRAIN_ALONG_X else 90.0
    for place, (lot, angle) in enumerate(zip(pattern.lot.tolist(), pattern.at[:, 2].tolist(), strict=True)):
        off = (angle - along) % 180.0
        if problem.lots.grained[lot] and min(off, 180.0 - off) > ROUNDING_DEG:
            yield f"piece {place} of lot {lot} lies at {angle:g} degrees, off the grain by {min(off, 180 - off):g}"


def _inside(problem: Problem, pattern: Pattern, pieces: list[shapely.Polygon]) -> Iterator[str]:
    cutting = problem.cutting
    sheet = shapely.Polygon(problem.stock.outlines[pattern.stock])
    clamps = [shapely.Polygon(clamp) for clamp in problem.stock.clamps[pattern.stock]]
    for place, piece in enumerate(pieces):
        if piece.difference(sheet).area > ROUNDING_MM2:
            yield f"piece {place} lies off the sheet"
        elif piece.distance(sheet.exterior) < cutting.margin_mm - ROUNDING_MM:
            yield f"piece {place} lies {piece.distance(sheet.exterior):.4f} mm from the edge"
        for number, clamp in enumerate(clamps):
            if _closer(piece, clamp, cutting.clamp_gap_mm):
                yield f"piece {place} lies in clamp {number} or too near to it"


def _apart(problem: Problem, pattern: Pattern, pieces: list[shapely.Polygon]) -> Iterator[str]:
    least = problem.cutting.kerf_mm + problem.cutting.gap_mm
    tree = shapely.STRtree(pieces)
    for one, other in tree.query(pieces, predicate="dwithin", distance=least + ROUNDING_MM).T.tolist():
        if one < other and _closer(pieces[one], pieces[other], least):
            yield f"pieces {one} and {other} lie {pieces[one].distance(pieces[other]):.4f} mm apart"


def _kept(problem: Problem, pattern: Pattern, pieces: list[shapely.Polygon]) -> Iterator[str]:
    """Offcuts are of the sheet, large enough, clear of the pieces and of each other."""
    cutting = problem.cutting
    sheet = shapely.Polygon(problem.stock.outlines[pattern.stock])
    boxes = [shapely.box(*row) for row in pattern.offcuts.tolist()]
    for number, ((x0, y0, x1, y1), box) in enumerate(zip(pattern.offcuts.tolist(), boxes, strict=True)):
        if min(x1 - x0, y1 - y0) < cutting.least_mm[0] or max(x1 - x0, y1 - y0) < cutting.least_mm[1]:
            yield f"offcut {number} is {x1 - x0:g} × {y1 - y0:g} mm"
        if box.difference(sheet).area > ROUNDING_MM2:
            yield f"offcut {number} lies off the sheet"
        if any(_closer(box, piece, cutting.kerf_mm + cutting.gap_mm) for piece in pieces):
            yield f"offcut {number} comes too near to a piece"
        if any(_closer(box, other, cutting.kerf_mm) for other in boxes[:number]):
            yield f"offcut {number} comes too near to another"


def _closer(one: BaseGeometry, other: BaseGeometry, least_mm: float) -> bool:
    return one.distance(other) < least_mm - ROUNDING_MM or one.intersection(other).area > ROUNDING_MM2


def _figures(problem: Problem, result: Result) -> Iterator[str]:
    cost = part = taken = 0.0
    for pattern in result.patterns:
        whole = shapely.Polygon(problem.stock.outlines[pattern.stock]).area
        kept = sum(shapely.box(*row).area for row in pattern.offcuts.tolist())
        price = float(problem.stock.price[pattern.stock])
        cost += pattern.copies * (price - problem.cutting.kept_value * price * kept / whole)
        part += pattern.copies * sum(shapely.Polygon(problem.lots.outlines[k]).area for k in pattern.lot.tolist())
        taken += pattern.copies * (whole - kept)
    told = result.figures
    for name, ours, theirs in (
        ("cost", cost, told.cost),
        ("part", part, told.part_mm2),
        ("taken", taken, told.taken_mm2),
    ):
        if not np.isclose(ours, theirs, rtol=1e-9, atol=1e-6):
            yield f"figures: {name} is {ours:.6f}, told {theirs:.6f}"
    if result.bound > cost * (1 + 1e-9) + 1e-6:
        yield f"bound {result.bound:.6f} is more than the cost {cost:.6f}"
