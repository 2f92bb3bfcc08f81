"""All hostile files: made by this code alone, the same each time."""

from pathlib import Path

from tests.slicer_bridge.hostile.case import Case
from tests.slicer_bridge.hostile.drawings import DXF, SVG
from tests.slicer_bridge.hostile.meshes import OBJ, STL
from tests.slicer_bridge.hostile.others import FOREIGN, STEP
from tests.slicer_bridge.hostile.packages import PACKAGES

CORPUS: dict[str, Case] = {case.name: case for case in (*STL, *OBJ, *PACKAGES, *STEP, *DXF, *SVG, *FOREIGN)}


def write(case: Case, folder: Path) -> Path:
    path = folder / case.name
    path.write_bytes(case.make())
    return path
