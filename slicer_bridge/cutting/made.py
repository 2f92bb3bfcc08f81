"""What came of a sheet: its programs, and what they do to it."""

from dataclasses import dataclass
from pathlib import Path

from slicer_bridge.facts import Finding


@dataclass(frozen=True, slots=True)
class OperationCount:
    kind: str
    tool: str
    count: int


@dataclass(frozen=True, slots=True)
class CutProgram:
    """What one tool does; several are run in their order."""

    path: Path
    sha256: str
    tools: str
    lines: int
    estimate_s: float
    cut_length_mm: float


@dataclass(frozen=True, slots=True)
class CutResult:
    """`cut_length_mm` is the way of the cutter in the material, all passes; `estimate_s` is without acceleration.

    `program`, `sha256` and `lines` are those of the first program; with one tool there is no other.
    """

    program: Path
    sha256: str
    lines: int
    estimate_s: float
    cut_length_mm: float
    copies: int
    made_by: str
    programs: tuple[CutProgram, ...] = ()
    operations: tuple[OperationCount, ...] = ()
    findings: tuple[Finding, ...] = ()
    part_area_mm2: float = 0.0
    """Of all copies' pieces, without their holes."""
    removed_area_mm2: float = 0.0
    """What the tools go over."""
    removed_mm3: float = 0.0
    """What becomes chips, in the sheet alone; 0 for a laser."""
    low_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)
    high_mm: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Corners of all cuts, work coordinates."""
