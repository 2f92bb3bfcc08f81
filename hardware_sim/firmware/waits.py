"""What a command under execution waits for. Commands are generators: they yield a wait, and go on once it is over."""

from collections.abc import Generator
from dataclasses import dataclass
from enum import Enum
from math import inf


class Motion(Enum):
    """Waits that end with a block's end."""

    SLOT = "room for one more block"
    STILL = "all blocks done"
    FREE = "no hold, no open door"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody is asked to do or say something; `until` is when the firmware stops waiting."""

    until: float = inf


Wait = float | Motion | Person
"""A time on the machine's clock, seconds, a state of the planner, or a person."""

Execution = Generator[Wait, None, None]
