"""What was written, and what it does to the sheet."""

import hashlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import shapely
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from slicer_bridge.cutting.feeds import Laser
from slicer_bridge.cutting.made import CutProgram, CutResult, OperationCount
from slicer_bridge.cutting.plan import Planned, Tool
from slicer_bridge.cutting.writer import GrblWriter

CUTTER = "llagar cut 2"
"""Changes whenever the same drawing would give another program."""


def written(
    out: Path,
    writers: list[tuple[str, GrblWriter]],
    planned: list[Planned],
    tools: tuple[Tool, ...],
    thickness_mm: float,
) -> CutResult:
    """Write the programs, each with the names of its tools: `out` if there is one, else numbered beside it."""
    programs, texts = [], []
    for number, (name, writer) in enumerate(writers):
        path = out if len(writers) == 1 else out.with_stem(f"{out.stem}-{number + 1}")
        text = "\n".join(writer.lines) + "\n"
        digest = hashlib.sha256(text.encode()).hexdigest()
        programs.append(CutProgram(path, digest, name, len(writer.lines), writer.seconds, writer.cut_mm))
        texts.append(text)
    area, volume = _removed(planned, tools, thickness_mm)
    for program, text in zip(programs, texts, strict=True):
        program.path.write_text(text, encoding="ascii")
    return CutResult(
        program=programs[0].path,
        sha256=programs[0].sha256,
        lines=programs[0].lines,
        estimate_s=sum(program.estimate_s for program in programs),
        cut_length_mm=sum(program.cut_length_mm for program in programs),
        copies=sum(len(one.part.placements) for one in planned),
        made_by=f"{CUTTER} with shapely {shapely.__version__}",
        programs=tuple(programs),
        operations=_counted(planned, tools),
        findings=tuple(finding for one in planned for finding in one.findings),
        part_area_mm2=sum(one.area_mm2 * len(one.part.placements) for one in planned),
        removed_area_mm2=area,
        removed_mm3=volume,
        low_mm=_corner([writer.bounds.low for _, writer in writers], min),
        high_mm=_corner([writer.bounds.high for _, writer in writers], max),
    )


def _counted(planned: list[Planned], tools: tuple[Tool, ...]) -> tuple[OperationCount, ...]:
    counts: Counter[tuple[str, str]] = Counter()
    for one in planned:
        for job in one.jobs:
            counts[job.kind, tools[job.tool].name] += len(one.part.placements)
    return tuple(OperationCount(kind, tool, count) for (kind, tool), count in sorted(counts.items()))


def _removed(planned: list[Planned], tools: tuple[Tool, ...], thickness_mm: float) -> tuple[float, float]:
    """Area (mm²) and volume (mm³) that the tools go over, as if there were no tabs."""
    area = volume = 0.0
    for one in planned:
        seen: BaseGeometry = Polygon()
        for depth in sorted({job.depth_mm for job in one.jobs}, reverse=True):
            cut = [job.footprint(tools[job.tool].radius_mm) for job in one.jobs if job.depth_mm == depth]
            new = shapely.union_all([seen, *cut])
            gained = float(new.area - seen.area) * len(one.part.placements)
            area, seen = area + gained, new
            volume += gained * min(depth, thickness_mm)
    return area, 0.0 if isinstance(tools[0], Laser) else volume


def _corner(corners: list[list[float]], end: Callable[[list[float]], float]) -> tuple[float, float, float]:
    x, y, z = (end([corner[axis] for corner in corners]) for axis in range(3))
    return (x, y, z)
