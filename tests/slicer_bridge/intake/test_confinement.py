"""What the child that reads strangers' files can't do, and what it is given."""

import subprocess
import sys
from pathlib import Path

import pytest

from slicer_bridge.errors import ParserDied
from slicer_bridge.intake import heating
from slicer_bridge.intake.allowance import BASE_CPU_S, BASE_DATA_BYTES, allowance
from slicer_bridge.intake.measure import ParseLimits, measure_file
from slicer_bridge.meshes import loops
from tests.slicer_bridge.shapes import write_box

_ROOT = Path(__file__).parents[3]
_ATTEMPT = """
import os, socket, subprocess, sys
from slicer_bridge.confined import confine, fence

confine(2_000_000_000, 20, 1_000_000, 400_000_000)
if not fence([sys.argv[1]]):
    sys.exit(77)
open(sys.argv[1] + "/inside", "w").write("fine")
os.remove(sys.argv[1] + "/inside")
{attempt}
"""
ATTEMPTS = {
    "write elsewhere": 'open(sys.argv[2] + "/outside", "w")',
    "make a folder elsewhere": 'os.mkdir(sys.argv[2] + "/outside")',
    "remove elsewhere": 'os.remove(sys.argv[2] + "/kept")',
    "cut a file short elsewhere": 'os.truncate(sys.argv[2] + "/kept", 0)',
    "start a program": 'subprocess.run(["/bin/true"])',
    "call out": 'socket.create_connection(("127.0.0.1", 9))',
}


@pytest.mark.parametrize("case", ATTEMPTS)
def test_fenced_process_can_not(tmp_path: Path, case: str) -> None:
    for folder in ("work", "other"):
        (tmp_path / folder).mkdir()
    (tmp_path / "other" / "kept").write_text("kept", encoding="ascii")
    program = _ATTEMPT.format(attempt=ATTEMPTS[case])
    command = [sys.executable, "-c", program, str(tmp_path / "work"), str(tmp_path / "other")]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode == 77:
        pytest.skip("this kernel has no Landlock")
    assert done.returncode == 1
    assert "PermissionError" in done.stderr or "OSError: [Errno 101]" in done.stderr
    assert (tmp_path / "other" / "kept").read_text(encoding="ascii") == "kept"
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["kept"]


def test_child_imports_nothing_from_the_work_folder(tmp_path: Path) -> None:
    for name in ("numpy.py", "json.py", "sitecustomize.py"):
        (tmp_path / name).write_text("raise SystemExit('taken over')\n", encoding="ascii")
    assert measure_file(write_box(tmp_path / "box.stl", (30, 20, 10)), tmp_path).mesh is not None


def test_environment_of_the_parent_is_not_passed_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PYTHONFAULTHANDLER", "1")
    monkeypatch.setenv("PYTHONWARNINGS", "nonsense-that-python-would-complain-of")
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "64")
    assert measure_file(write_box(tmp_path / "box.stl", (30, 20, 10)), tmp_path).mesh is not None


def test_too_little_time_or_memory_is_said_in_words(tmp_path: Path) -> None:
    path = write_box(tmp_path / "box.stl", (30, 20, 10))
    with pytest.raises(ParserDied, match=r"box\.stl.*simplify"):
        measure_file(path, tmp_path, limits=ParseLimits(cpu_s=0))
    with pytest.raises(ParserDied, match=r"box\.stl"):
        measure_file(path, tmp_path, limits=ParseLimits(data_bytes=20_000_000))
    assert [one.name for one in tmp_path.iterdir()] == ["box.stl"]


def test_allowance_grows_with_the_file() -> None:
    small, large = allowance(".stl", 1000), allowance(".STL", 65_000_000)
    assert small.data_bytes == pytest.approx(BASE_DATA_BYTES, rel=1e-3)
    assert small.cpu_s == BASE_CPU_S
    assert large.data_bytes > 3 * 65_000_000 + BASE_DATA_BYTES
    assert large.cpu_s > 2 * BASE_CPU_S
    assert allowance(".exe", 65_000_000).cpu_s == BASE_CPU_S
    featured = allowance(".stl", 65_000_000, features=True)
    assert featured.cpu_s > large.cpu_s
    assert featured.data_bytes > large.data_bytes


def test_box_of_our_own_is_sound_and_large_enough(tmp_path: Path) -> None:
    from slicer_bridge.meshes.solid import measure_solid

    corners = heating._fine_box(300).astype("float64")
    facts = measure_solid(corners, "box").facts
    assert len(corners) >= 300
    assert (facts.watertight, facts.bodies) == (True, 1)
    assert facts.volume_mm3 == pytest.approx(1000)
    assert len(heating._fine_box(loops.WORTH_FACETS)) >= loops.WORTH_FACETS
