"""Drawings to GRBL programs: copies at given places on a sheet, cut with mills, drills and V-bits, or a laser.

Work coordinates: zero at the sheet's low corner, Z 0 at its upper surface. Described in docs/cutting.md.
"""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import shapely
from shapely.geometry.base import BaseGeometry

from slicer_bridge.cutting.feeds import CutTool, Laser, ToolKind
from slicer_bridge.cutting.job import Job
from slicer_bridge.cutting.keep_out import Zones
from slicer_bridge.cutting.laser import BeamWriter
from slicer_bridge.cutting.made import CutResult
from slicer_bridge.cutting.options import CutOptions, Sheet
from slicer_bridge.cutting.order import in_order
from slicer_bridge.cutting.plan import Planned, Tool, plan
from slicer_bridge.cutting.result import written
from slicer_bridge.cutting.writer import GrblWriter, beam, header, spindle_on
from slicer_bridge.errors import CutRefused
from slicer_bridge.plates.plate import PlacedPart, Placement, placed

__all__ = ["CutOptions", "CutResult", "Sheet", "cut_sheet"]

_THINNEST_MM, _THICKEST_MM = 0.1, 200.0
_LAST = {ToolKind.DRILL: 0, ToolKind.V_BIT: 1, ToolKind.MILL: 2}
"""Tools in the order of their programs: outlines are a mill's, and come last."""


@dataclass(frozen=True, slots=True, eq=False)
class _Copy:
    name: str
    jobs: tuple[Job, ...]
    tight: tuple[Job, ...]
    cover: BaseGeometry


def cut_sheet(
    parts: tuple[PlacedPart, ...],
    tools: Tool | tuple[Tool, ...],
    sheet: Sheet,
    out: Path,
    options: CutOptions | None = None,
) -> CutResult:
    """Write the program `out`; the same sheet gives the same bytes. Nothing is written on failure.

    With several tools, and without `options.tool_changes`, each has a program of its own beside `out`, numbered in the
    order in which they are run.

    Raises CutRefused (by entity: open or crossing contours, features smaller than the tool; copies off the sheet, in
    each other's cut or in a keep-out zone), BadFile.
    """
    given = tools if isinstance(tools, tuple) else (tools,)
    options = options or CutOptions()
    _check(given, sheet)
    ordered = tuple(sorted(given, key=_turn))
    planned = [plan(part, ordered, sheet.thickness_mm, options) for part in parts]
    copies = [copy for one in planned for copy in _copies(one)]
    if not copies:
        raise CutRefused("the sheet holds no part")
    widest = max(tool.radius_mm for tool in ordered)
    _check_places(copies, widest, sheet)
    zones = Zones(
        options.keep_out,
        widest,
        safe_mm=options.safe_mm,
        highest_mm=0.0 if isinstance(ordered[0], Laser) else options.highest_mm,
        offset=options.work_offset,
    )
    jobs = _placed_jobs(copies, ordered, zones, shapely.box(0, 0, *sheet.size_mm))
    writers = _written(jobs, ordered, zones, options)
    return written(out, writers, planned, ordered, sheet.thickness_mm)


def _turn(tool: Tool) -> tuple[int, float]:
    return (2, tool.radius_mm) if isinstance(tool, Laser) else (_LAST[tool.kind], tool.radius_mm)


def _check(tools: tuple[Tool, ...], sheet: Sheet) -> None:
    if not tools or not _THINNEST_MM <= sheet.thickness_mm <= _THICKEST_MM:
        raise CutRefused(f"a sheet of {sheet.thickness_mm:g} mm with {len(tools)} tools: check both")
    if any(isinstance(tool, Laser) for tool in tools) and len(tools) > 1:
        raise CutRefused("a laser works alone: no other tool with it")
    for tool in tools:
        speeds = (tool.feed_mm_s, tool.radius_mm, tool.rapid_mm_s)
        cutter = (tool.plunge_mm_s, tool.pass_mm, tool.spindle_rpm) if isinstance(tool, CutTool) else (tool.passes,)
        if min(*speeds, *cutter) <= 0:
            raise CutRefused(f"the {tool.name} has a figure of 0 or less: check its diameter, feeds and depth of pass")


def _copies(planned: Planned) -> list[_Copy]:
    return [
        _Copy(
            planned.part.name,
            tuple(job.placed(place) for job in planned.jobs),
            tuple(job.placed(place) for job in planned.tight),
            _moved(planned.cover, place),
        )
        for place in planned.part.placements
    ]


def _moved(shape: BaseGeometry, place: Placement) -> BaseGeometry:
    found: BaseGeometry = shapely.transform(shape, partial(placed, placement=place))
    return found


def _check_places(copies: list[_Copy], radius: float, sheet: Sheet) -> None:
    edge, (width, depth) = sheet.margin_mm - 1e-3, sheet.size_mm
    table = shapely.box(edge, edge, width - edge, depth - edge)
    for copy in copies:
        if not table.covers(copy.cover):
            corners = ", ".join(f"{value:.1f}" for value in copy.cover.bounds)
            margin = f" less {sheet.margin_mm:g} mm of margin" if sheet.margin_mm else ""
            raise CutRefused(
                f"{copy.name}: a copy at {corners} mm is not on the sheet of {width:g} × {depth:g} mm{margin}"
            )
    covers = [copy.cover for copy in copies]
    near = shapely.STRtree(covers).query(covers, predicate="dwithin", distance=2 * radius - 1e-3)
    for one, other in zip(*near.tolist(), strict=True):
        if one < other:
            gap = covers[one].distance(covers[other])
            raise CutRefused(
                f"{copies[one].name} and {copies[other].name} lie {gap:.2f} mm apart: "
                f"the tool takes {2 * radius:g} mm between them"
            )


def _placed_jobs(copies: list[_Copy], tools: tuple[Tool, ...], zones: Zones, table: BaseGeometry) -> list[Job]:
    """Every copy's jobs: with leads where they leave the sheet no farther, and meet no copy and no keep-out zone."""
    covers = [copy.cover for copy in copies]
    tree = shapely.STRtree(covers)
    jobs, piece = [], 0
    for number, copy in enumerate(copies):
        for job, tight in zip(copy.jobs, copy.tight, strict=True):
            radius = tools[job.tool].radius_mm
            chosen = job
            if job.strands != tight.strands:
                over = job.footprint(radius - 0.01)
                met = [one for one in tree.query(over, predicate="intersects").tolist() if one != number]
                off = not table.union(tight.centre_line().envelope).covers(job.centre_line())
                chosen = tight if met or off or not zones.free(job.centre_line()) else job
            if zones.any:
                zones.check(copy.name, copy.cover, chosen.centre_line())
            jobs.append(replace(chosen, piece=piece + job.piece))
        piece += 1 + max((job.piece for job in copy.jobs), default=0)
    return jobs


def _written(
    jobs: list[Job], tools: tuple[Tool, ...], zones: Zones, options: CutOptions
) -> list[tuple[str, GrblWriter]]:
    """Programs in their order, with the names of their tools."""
    used = sorted({job.tool for job in jobs})
    if len(used) > 1 and options.tool_changes:
        writer = _writer(tools[used[0]], zones, options)
        for number in used:
            writer.lines += [*(["M5"] if number != used[0] else []), f"T{number + 1} M6"]
            _work(writer, [job for job in jobs if job.tool == number], tools[number], options)
        writer.lines += ["M5", "M30"]
        return [(", ".join(tools[number].name for number in used), writer)]
    found = []
    for number in used:
        writer = _writer(tools[number], zones, options)
        _work(writer, [job for job in jobs if job.tool == number], tools[number], options)
        writer.end()
        found.append((tools[number].name, writer))
    return found


def _writer(tool: Tool, zones: Zones, options: CutOptions) -> GrblWriter:
    kind = BeamWriter if isinstance(tool, Laser) else GrblWriter
    return kind(zones, options.safe_mm, tool.rapid_mm_s, header())


def _work(writer: GrblWriter, jobs: list[Job], tool: Tool, options: CutOptions) -> None:
    if isinstance(writer, BeamWriter) and isinstance(tool, Laser):
        writer.focus(tool)
        writer.lines += [f"M4 {beam(tool, 0.0)}"]
        for job in in_order(jobs):
            writer.burn(job, tool)
    elif isinstance(tool, CutTool):
        writer.lift(writer.zones.start_mm)
        writer.lines += spindle_on(tool, options.spin_up_s)
        writer.seconds += options.spin_up_s
        for job in in_order(jobs):
            writer.job(job, tool)
