"""`python -m broker.scheduling VERB FILE`: the scheduling core, from files."""

import argparse
import sys
from collections.abc import Callable

from broker.scheduling.pack_command import add_pack
from broker.scheduling.schema_command import add_schema
from broker.scheduling.solve_command import add_solve


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0, or 2 where the file can't be read or is wrong."""
    parser = argparse.ArgumentParser(prog="python -m broker.scheduling")
    commands = parser.add_subparsers(required=True)
    add_pack(commands)
    add_solve(commands)
    add_schema(commands)
    given = parser.parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = given.run
    return run(given)


if __name__ == "__main__":
    sys.exit(main())
