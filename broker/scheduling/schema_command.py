"""`python -m broker.scheduling schema [--write FILE]`: what a problem's JSON may hold."""

import argparse
import json
from pathlib import Path

from broker.scheduling.files.problem_file import ProblemFile


def schema_text() -> str:
    """JSON Schema (2020-12)."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **ProblemFile.model_json_schema()}
    return json.dumps(schema, indent=1) + "\n"


def add_schema(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The sub-command and its options."""
    schema = commands.add_parser("schema", help="JSON Schema of a problem's file")
    schema.add_argument("--write", type=Path, help="write it there, not to the terminal")
    schema.set_defaults(run=_run)


def _run(given: argparse.Namespace) -> int:
    if given.write:
        given.write.write_text(schema_text(), encoding="utf-8")
    else:
        print(schema_text(), end="")  # noqa: T201 - a command's own answer
    return 0
