"""`python -m broker.scheduling VERB FILE`: the scheduling core, from files."""

import argparse
import sys
from collections.abc import Callable

from broker.scheduling.pack_command import add_pack


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0, or 2 where the file can't be read or is wrong."""
    parser = argparse.ArgumentParser(prog="python -m broker.scheduling")
    add_pack(parser.add_subparsers(required=True))
    given = parser.parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = given.run
    return run(given)


if __name__ == "__main__":
    sys.exit(main())
