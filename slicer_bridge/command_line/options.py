"""Options that several verbs share."""

import argparse
from collections.abc import Callable
from pathlib import Path

from slicer_bridge.errors import BadFile


def numbers(count: int) -> Callable[[str], tuple[float, ...]]:
    """A type for argparse: `count` numbers with commas between."""

    def parse(text: str) -> tuple[float, ...]:
        values = tuple(float(part) for part in text.replace("x", ",").split(","))
        if len(values) != count:
            raise argparse.ArgumentTypeError(f"{text!r}: {count} numbers with commas between")
        return values

    return parse


def add_unit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--unit", help="unit of the file: mm, cm, m, inch, foot; overrides what it says")


def add_out(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, default=Path(), help="folder for what is made (here)")


def target(path: Path, options: argparse.Namespace, suffix: str) -> Path:
    """Where to put what is made of `path`. Raises BadFile."""
    folder: Path = options.out
    if not folder.is_dir():
        raise BadFile(f"{folder} is no folder: --out names where programs go")
    return folder.resolve() / f"{path.stem}{suffix}"
