"""Run `python -m tests.benchmarks.scheduling [--class C] [--seconds S] --json out.json`.

Without `--class` every class is run, one after the other; `--seconds` replaces what a class allows a plan by itself.
"""

import argparse
import importlib
import pkgutil
import sys
from pathlib import Path
from typing import Protocol

import tests.benchmarks.scheduling as classes
from tests.benchmarks.rows import Row, show, write


class Class(Protocol):
    """What each module of this package offers."""

    def rows(self, seconds: float | None) -> list[Row]:
        """Every figure of the class; `seconds` a plan, None: the class's own."""
        ...


def main() -> int:
    """Exit code 1 where a goal isn't reached."""
    names = sorted(module.name for module in pkgutil.iter_modules(classes.__path__) if not module.name.startswith("_"))
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.scheduling")
    parser.add_argument("--class", dest="name", choices=names)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--json", type=Path, required=True)
    given = parser.parse_args()
    found: list[Row] = []
    for name in [given.name] if given.name else names:
        module: Class = importlib.import_module(f"{classes.__name__}.{name}")
        rows = module.rows(given.seconds)
        show(rows, name)
        found += rows
        write(found, given.json)
    return int(any(row.reached is False for row in found))


if __name__ == "__main__":
    sys.exit(main())
