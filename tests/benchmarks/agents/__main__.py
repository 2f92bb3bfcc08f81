"""Run `python -m tests.benchmarks.agents [--only NAME] --json out.json`: each module of this package that has rows."""

import argparse
import importlib
import pkgutil
import sys
from pathlib import Path
from typing import Protocol

import tests.benchmarks.agents as figures
from tests.benchmarks.rows import Row, show, write

NAMES = ("events", "held", "storm", "claims", "takeover")


class Figures(Protocol):
    """What each of those modules offers."""

    def rows(self) -> list[Row]: ...


def main() -> int:
    """Exit code 1 where a goal isn't reached."""
    there = {module.name for module in pkgutil.iter_modules(figures.__path__)}
    names = [name for name in NAMES if name in there]
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.agents")
    parser.add_argument("--only", choices=names)
    parser.add_argument("--json", type=Path, required=True)
    given = parser.parse_args()
    found: list[Row] = []
    for name in [given.only] if given.only else names:
        module: Figures = importlib.import_module(f"{figures.__name__}.{name}")
        rows = module.rows()
        show(rows, name)
        found += rows
        write(found, given.json)
    return int(any(row.reached is False for row in found))


if __name__ == "__main__":
    sys.exit(main())
