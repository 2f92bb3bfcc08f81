"""What a command under execution waits for. Commands are generators: they yield a wait, and go on once it is over."""

from collections.abc import Generator
from enum import Enum


class Motion(Enum):
    """Waits that end with a block's end."""

    SLOT = "room for one more block"
    STILL = "all blocks done"
    FREE = "no hold, no open door"


Wait = float | Motion
"""A time on the machine's clock, seconds, or a state of the planner."""

Execution = Generator[Wait, None, None]
