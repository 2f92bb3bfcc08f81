"""The main job, with the agents installed as on a workshop's small computer: the agent's extra and nothing else."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from shapely import Polygon
from shapely.affinity import rotate, translate

from tests.rig.batch import ROOT, demo

AGENT_VENV = ROOT / ".venv-agent"


@pytest.fixture(scope="module")
def agents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a `llagar-agent` whose environment holds what `llagar[agent]` brings and the project as it stands."""
    python = AGENT_VENV / "bin" / "python"
    assert (AGENT_VENV / ".installed").exists(), "the agent's own environment is missing: run `make setup`"
    with _one_at_a_time() as is_first:
        if is_first:
            _install(python, tmp_path_factory.mktemp("wheel"))
    return AGENT_VENV / "bin"


@contextmanager
def _one_at_a_time() -> Iterator[bool]:
    """Whether this test process is the first of its run: two installations at once spoil the environment."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    with (AGENT_VENV / ".installed-for").open("a+") as note:
        fcntl.flock(note, fcntl.LOCK_EX)
        note.seek(0)
        is_first = note.read() != run
        yield is_first
        note.truncate(0)
        note.write(run)


def _install(python: Path, wheels: Path) -> None:
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(wheels)]
    subprocess.run([*build, str(ROOT)], check=True)
    (wheel,) = wheels.glob("llagar-*.whl")
    install = [str(python), "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--force-reinstall"]
    subprocess.run([*install, str(wheel)], check=True)


def test_agents_environment_lacks_what_a_small_computer_need_not_have(agents: Path) -> None:
    code = "from importlib.util import find_spec; print(*(m for m in %r if find_spec(m)))"
    heavy = [
        "nicegui",
        "sqlalchemy",
        "numba",
        "scipy",
        "manifold3d",
        "trimesh",
        "cascadio",
        "apscheduler",
        "alembic",
    ]
    done = subprocess.run([str(agents / "python"), "-c", code % heavy], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.timeout(420)
def test_a_batch_from_files_to_counted_parts(agents: Path, tmp_path: Path) -> None:
    made = demo(tmp_path / "out.json", "--seed", "3", "--agents-from", str(agents))

    assert {one["machine"] for one in made["machines"]} == {"printer-250", "printer-180", "printer-220", "router-600"}
    assert {run["driver"] for run in made["runs"]} == {"marlin", "grbl"}
    assert all(one["reason"] for one in made["excluded"])
    for plate in made["plates"]:
        require_apart(plate)


def require_apart(plate: dict[str, Any]) -> None:
    """No two parts of a plate overlap, and none leaves the usable area."""
    x0, y0, x1, y1 = plate["usable_mm"]
    pieces = [
        translate(rotate(Polygon(part["outline"]), angle, origin=(0, 0)), x, y)
        for part in plate["parts"]
        for x, y, angle in part["placements"]
    ]
    for index, piece in enumerate(pieces):
        low_x, low_y, high_x, high_y = piece.bounds
        assert low_x > x0 - 1e-3
        assert low_y > y0 - 1e-3
        assert high_x < x1 + 1e-3
        assert high_y < y1 + 1e-3
        assert all(piece.distance(other) > 0.5 for other in pieces[:index])
