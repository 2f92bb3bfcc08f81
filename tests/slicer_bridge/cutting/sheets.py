"""Drawings and tools for the tests of cutting, and what a program leaves of a sheet."""

from dataclasses import dataclass, field
from pathlib import Path

import shapely
from shapely.geometry.base import BaseGeometry

from slicer_bridge.cutting.cut import CutOptions, CutResult, Sheet, cut_sheet
from slicer_bridge.cutting.feeds import CutTool, Laser
from slicer_bridge.plates.plate import PlacedPart, Placement
from slicer_bridge.programs.check import check_program
from slicer_bridge.programs.limits import load_limits
from tests.slicer_bridge.cutting.simulated import Move, cut_at, moves_of
from tests.slicer_bridge.shapes import dxf_text

TOOL = CutTool(diameter_mm=3.0, feed_mm_s=20, plunge_mm_s=5, spindle_rpm=16000, pass_mm=2.0)
SHEET = Sheet((200, 150), 4.0)
OFFSET = (-500.0, -350.0, -40.0)
_LIMITS = Path(__file__).parents[3] / "rigs" / "limits" / "grbl.toml"
GOUGE_MM = 0.02
"""No tool goes deeper into a piece than this."""


def on(layer: str, entities: str) -> str:
    """Entities of layer 0, moved to another."""
    return entities.replace("\n8\n0\n", f"\n8\n{layer}\n")


@dataclass(frozen=True)
class Job:
    result: CutResult
    moves: list[Move] = field(repr=False)

    @property
    def text(self) -> str:
        return self.result.program.read_text(encoding="ascii")

    def cut_at(self, z: float, radius: float = 1.5) -> BaseGeometry:
        return cut_at(self.moves, radius, z)


def cut(
    folder: Path,
    entities: str,
    *places: Placement,
    tools: CutTool | Laser | tuple[CutTool | Laser, ...] = TOOL,
    sheet: Sheet = SHEET,
    options: CutOptions | None = None,
) -> Job:
    """Cut the drawing, and let the checker judge every program in machine coordinates."""
    path = folder / "part.dxf"
    path.write_text(dxf_text(entities), encoding="ascii")
    return cut_file(path, *places, tools=tools, sheet=sheet, options=options)


def cut_file(
    path: Path,
    *places: Placement,
    tools: CutTool | Laser | tuple[CutTool | Laser, ...] = TOOL,
    sheet: Sheet = SHEET,
    options: CutOptions | None = None,
) -> Job:
    part = PlacedPart(path, "part", places or (Placement(10, 10),))
    result = cut_sheet((part,), tools, sheet, path.with_name("out.nc"), options)
    assert_passes(result)
    return Job(result, moves_of(result.program))


def assert_passes(result: CutResult, offset: tuple[float, float, float] = OFFSET) -> None:
    for program in result.programs:
        verdict = check_program(program.path, load_limits(_LIMITS), offset)
        assert verdict.findings == ()
        assert not verdict.end.spindle_on


def gouged(cut_away: BaseGeometry, piece: BaseGeometry) -> float:
    """How far (mm) a cut goes into a piece; 0 if within the allowed."""
    inner = piece.buffer(-GOUGE_MM)
    bite = cut_away.intersection(inner)
    if bite.is_empty:
        return 0.0
    corners = shapely.points(shapely.get_coordinates(bite))
    return GOUGE_MM + float(shapely.distance(corners, inner.boundary).max())
