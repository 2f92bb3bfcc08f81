"""The compiled loops of programs, made ready once for an installation: `python -m slicer_bridge.programs.heating`.

Whoever first checks or estimates a program waits for it otherwise.
"""

import tempfile
from pathlib import Path

from slicer_bridge.compiled import AVAILABLE
from slicer_bridge.motion.limits import DEFAULTS, Planner
from slicer_bridge.motion.toolpath import toolpath
from slicer_bridge.programs.check import ProgramChecker
from slicer_bridge.programs.limits import Dialect, Envelope, MachineLimits
from slicer_bridge.programs.quick import judge_and_estimate

_PROGRAMS = {
    (Dialect.MARLIN, Planner.MARLIN): b"G28\nM109 S200\nG90\nM82\nG92 E0\nG1 X9 Y9 Z1 F600\nG1 X20 E1\nG2 X30 I5 E2\n",
    (Dialect.KLIPPER, Planner.KLIPPER): b"G28\nM109 S200\nG90\nM82\nG92 E0\nG1 X9 Y9 Z1 F600\nG1 X20 E1\nM104 S0\n",
    (Dialect.GRBL, Planner.GRBL): b"G21G90\nG0X1Y1Z1\nG1X9F600\nG2X19I5\nG4P1\nM30\n",
}


def main() -> None:
    if not AVAILABLE:
        return
    box = Envelope(x=(0, 100), y=(0, 100), z=(0, 100))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "program"
        for (dialect, planner), text in _PROGRAMS.items():
            path.write_bytes(text)
            limits = MachineLimits(dialect=dialect, envelope_mm=box, max_feed_mm_s=100, max_hotend_c=250)
            judge_and_estimate(path, ProgramChecker(limits), limits, DEFAULTS[planner])
            toolpath(path, DEFAULTS[planner])


if __name__ == "__main__":
    main()
