"""The tree is what ARCHITECTURE.md says it is."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {"broker", "drivers", "slicer_bridge", "shop_agent", "hardware_sim", "tests"}
BESIDE = {"docs", "rigs", "requirements"}
PURE = [
    "broker.scheduling.network.problem",
    "broker.scheduling.plates.solve",
    "broker.runs.lifecycle",
    "broker.wire.states",
    "shop_agent.state.shop",
    "drivers.marlin.protocol",
    "drivers.grbl.protocol",
    "drivers.gcode",
]
BANNED = ["asyncio", "serial", "httpx", "pydantic", "sqlalchemy", "fastapi"]


def tracked() -> list[str]:
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return listing.stdout.splitlines()


def test_top_level_holds_what_was_agreed() -> None:
    folders = {path.split("/")[0] for path in tracked() if "/" in path and not path.startswith(".")}
    assert folders == PACKAGES | BESIDE


def test_no_module_has_a_name_that_explains_nothing() -> None:
    vague = {"utils", "helpers", "common", "manager", "misc"}
    assert [path for path in tracked() if Path(path).stem in vague] == []


def test_no_python_file_is_over_500_lines() -> None:
    sizes = {path: (ROOT / path).read_text().count("\n") for path in tracked() if path.endswith(".py")}
    assert {path: size for path, size in sizes.items() if size > 500} == {}


@pytest.mark.parametrize("module", PURE)
def test_pure_cores_bring_no_framework(module: str) -> None:
    """What numpy and shapely bring by themselves doesn't count."""
    code = (
        "import sys\n"
        "import numpy, shapely\n"
        "before = set(sys.modules)\n"
        f"import {module}\n"
        f"print(*(name for name in {BANNED!r} if name in set(sys.modules) - before))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize("module", PURE)
def test_init_files_above_a_pure_core_are_empty(module: str) -> None:
    folder = ROOT
    for name in module.split(".")[:-1]:
        folder /= name
        assert (folder / "__init__.py").read_text() == "", folder


def test_the_rig_imports_nothing_of_what_it_tests() -> None:
    code = (
        "import pkgutil, importlib, sys, hardware_sim\n"
        "for found in pkgutil.walk_packages(hardware_sim.__path__, 'hardware_sim.'):\n"
        "    if not found.name.endswith('__main__'):\n"
        "        importlib.import_module(found.name)\n"
        "ours = ('broker', 'drivers', 'slicer_bridge', 'shop_agent')\n"
        "print(*(name for name in sys.modules if name.split('.')[0] in ours))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_locks_name_no_index() -> None:
    for lock in (ROOT / "requirements").rglob("*.txt"):
        text = lock.read_text()
        assert "--index-url" not in text
        assert "--find-links" not in text
        assert "://" not in text
        assert "--hash=sha256:" in text
