"""`python -m hardware_sim.firmware serve CONFIG`: one simulated machine; CONFIG is JSON, or a file of it."""

import sys

from pydantic import ValidationError

from hardware_sim.firmware.config import read_config
from hardware_sim.firmware.serve import Server

USAGE = "usage: python -m hardware_sim.firmware serve CONFIG   (JSON, or the path of a file of it)"


def main(arguments: list[str]) -> int:
    match arguments:
        case ["serve", text]:
            try:
                config = read_config(text)
            except (ValidationError, OSError) as error:
                sys.stderr.write(f"{error}\n")
                return 2
            Server(config).run()
            return 0
        case _:
            sys.stderr.write(f"{USAGE}\n")
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
