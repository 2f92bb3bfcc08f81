"""A workshop's small computer has no scipy, manifold3d, networkx or numba: slice, cut and check do without."""

import subprocess
import sys
from pathlib import Path

from tests.slicer_bridge.shapes import write_bracket

_PROGRAM = """
import sys
from pathlib import Path

for name in ("scipy", "manifold3d", "networkx", "numba", "sqlalchemy", "nicegui"):
    sys.modules[name] = None

from slicer_bridge.programs.check import check_program
from slicer_bridge.cutting.cut import Sheet, cut_sheet
from slicer_bridge.cutting.feeds import tool_for
from slicer_bridge.programs.limits import load_limits
from slicer_bridge.plates.plate import PlacedPart, Placement, plate_mesh
from slicer_bridge.slicing.embedded.layers import slice_object
from slicer_bridge.slicing.profile import PrinterProfile, Recipe
from slicer_bridge.slicing.slice import slice_plate
from slicer_bridge.reading.stl import write_stl
import numpy as np

here = Path(sys.argv[1])
part = PlacedPart(here / "bracket.dxf", "bracket", (Placement(10, 10),))
result = cut_sheet((part,), tool_for("mdf", 3.0), Sheet((100, 100), 3.0), here / "out.nc")
assert check_program(result.program, load_limits(Path(sys.argv[2])), (-500.0, -300.0, -40.0)).ok
leaf = np.array([[[0.0, 0, 0], [9, 0, 0], [0, 9, 5]]])
write_stl(here / "leaf.stl", leaf)
assert slice_object(leaf, PrinterProfile("p", (100, 100), 100), Recipe()).open_planes
assert plate_mesh((PlacedPart(here / "leaf.stl", "leaf", (Placement(1, 1),)),), here / "plate.3mf")
"""


def test_agents_path_needs_only_the_agents_extra(tmp_path: Path) -> None:
    write_bracket(tmp_path / "bracket.dxf")
    limits = Path(__file__).parents[2] / "rigs" / "limits" / "grbl.toml"
    command = [sys.executable, "-c", _PROGRAM, str(tmp_path), str(limits)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
