"""Compiled or not, the results are the same; and what numba keeps on disk is never out of date."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from slicer_bridge.motion import junctions, lexer, marks, modal, planner
from slicer_bridge.motion.estimate import estimate
from slicer_bridge.motion.limits import DEFAULTS, Planner
from slicer_bridge.programs import quick_lines
from tests.slicer_bridge.motion import programs

_PLAIN = """
import sys
from pathlib import Path

sys.modules["numba"] = None
from dataclasses import replace
from slicer_bridge.motion.estimate import estimate
from slicer_bridge.motion.limits import DEFAULTS, Planner
from tests.slicer_bridge.motion import programs

for planner in Planner:
    limits = replace(DEFAULTS[planner], homing_s=9.0)
    print(repr(estimate((programs.outline() if planner is Planner.GRBL else programs.ring()).encode(), limits)))
"""
_TINY = """
from slicer_bridge.compiled import compiled

@compiled
def twice(number: int) -> int:
    return 2 * number

print(twice(21))
"""


def _run(program: Path, **environment: str) -> str:
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-W", "error", str(program)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env={**os.environ, "PYTHONPATH": str(root), **environment},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_without_numba_the_results_are_the_same(tmp_path: Path) -> None:
    (tmp_path / "plain.py").write_text(_PLAIN)
    compiled = [
        repr(
            estimate(
                (programs.outline() if one is Planner.GRBL else programs.ring()).encode(),
                replace(DEFAULTS[one], homing_s=9.0),
            )
        )
        for one in Planner
    ]
    assert _run(tmp_path / "plain.py").splitlines() == compiled


def test_where_nothing_can_be_kept_it_is_compiled_each_time(tmp_path: Path) -> None:
    (tmp_path / "tiny.py").write_text(_TINY)
    assert _run(tmp_path / "tiny.py", NUMBA_CACHE_DIR="/proc/nowhere") == "42\n"


@pytest.mark.parametrize("module", [lexer, marks, modal, junctions, planner, quick_lines])
def test_compiled_functions_call_those_of_their_own_module(module: ModuleType) -> None:
    """numba would go on with old machine code of another module's function."""
    from numba.core.dispatcher import Dispatcher

    found = [one for one in vars(module).values() if isinstance(one, Dispatcher)]
    assert found
    assert {one.py_func.__module__ for one in found} == {module.__name__}
