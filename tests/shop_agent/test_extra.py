"""A workshop's small computer needs neither database layer, planner nor pages."""

import subprocess
import sys
from pathlib import Path

ABSENT = (
    "sqlalchemy aiosqlite alembic asyncpg apscheduler nicegui numba scipy manifold3d networkx python_multipart "
    "multipart hardware_sim"
)


def test_the_agent_runs_without_what_only_brokers_need() -> None:
    code = (
        "import importlib, pkgutil, sys\n"
        f"for name in {ABSENT!r}.split(): sys.modules[name] = None\n"
        "import shop_agent, slicer_bridge, drivers\n"
        "for package in (shop_agent, slicer_bridge, drivers):\n"
        "    for found in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "        if not found.name.endswith(('__main__', 'confined')):\n"
        "            importlib.import_module(found.name)\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
