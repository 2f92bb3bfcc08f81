"""The command line of this package: one verb for each thing to do, each for one or more files."""

import argparse
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, cast

from pydantic import TypeAdapter

from slicer_bridge.command_line.outcome import BAD_INPUT, DONE, REFUSED, Outcome, in_words
from slicer_bridge.errors import BridgeError, CutRefused, RepairRefused, SlicerFailed

__all__ = ["BAD_INPUT", "DONE", "REFUSED", "main"]


class Verb(Protocol):
    """A module of this package; its docstring is the help."""

    def add_options(self, parser: argparse.ArgumentParser) -> None: ...

    def work(self, path: Path, options: argparse.Namespace) -> Outcome:
        """Raises BridgeError, OSError."""
        ...


VERBS = {
    "measure": "facts of a part's file",
    "printability": "what speaks against making a part",
    "slice": "a mesh to a printer's program",
    "cut": "a drawing to a router's or a laser's program",
    "check": "a program against a machine's limits",
    "estimate": "how long a program takes, and what it uses",
    "preview": "a small picture of where a program's tool goes",
}
_MODULES = {"slice": "slicing"}
"""Where a verb's module isn't called as the verb."""
_OUTCOMES = TypeAdapter(list[Outcome])
_Work = Callable[[Path, argparse.Namespace], Outcome]


def main(arguments: list[str]) -> int:
    """Returns the worst exit code of all files."""
    options = _parser(next((one for one in arguments if one in VERBS), None)).parse_args(arguments)
    outcomes = [_judged(options.work, path, options) for path in options.files]
    if options.json:
        sys.stdout.write(_OUTCOMES.dump_json(outcomes, indent=2).decode() + "\n")
    else:
        for outcome in outcomes:
            sys.stdout.write("\n".join(in_words(outcome)) + "\n")
    return max(outcome.exit for outcome in outcomes)


def _judged(work: _Work, path: Path, options: argparse.Namespace) -> Outcome:
    try:
        return work(path, options)
    except (SlicerFailed, CutRefused, RepairRefused) as error:
        return Outcome(str(path), REFUSED, str(error))
    except (BridgeError, OSError) as error:
        return Outcome(str(path), BAD_INPUT, str(error))


def _parser(wanted: str | None) -> argparse.ArgumentParser:
    """Only the wanted verb's module is loaded: what another needs takes half a second to start."""
    parser = argparse.ArgumentParser(prog="python -m slicer_bridge", description=__doc__)
    commands = parser.add_subparsers(required=True)
    for name, words in VERBS.items():
        one = commands.add_parser(name, help=words, description=words)
        if name == wanted:
            verb = _verb(name)
            one.add_argument("files", nargs="+", type=Path, metavar="FILE")
            one.add_argument("--json", action="store_true", help="a list with one entry per file")
            verb.add_options(one)
            one.set_defaults(work=verb.work)
    return parser


def _verb(name: str) -> Verb:
    module = importlib.import_module(f"slicer_bridge.command_line.{_MODULES.get(name, name)}")
    verb: Verb = cast(Verb, module)
    return verb
