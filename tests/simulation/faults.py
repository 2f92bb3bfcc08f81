"""What goes wrong in a schedule: at least five things of at least three kinds, all from its seed."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from broker.wire.states import RunState

LAST_S = 1500.0
"""Nothing goes wrong any more after this."""


class Kind(StrEnum):
    KILL_BROKER = "the broker is killed"
    RESTORE = "the broker is restored from a backup"
    KILL_AGENT = "an agent is killed"
    KILL_STREAMER = "a streamer is killed"
    POWER_CUT = "a shop's power is cut"
    BROKER_POWER_CUT = "the broker's power is cut"
    RESTART_FIRMWARE = "a firmware restarts"
    UNPLUG = "a cable is unplugged"
    OPEN_DOOR = "a door is opened"
    TOUCH = "somebody homes or restarts a machine that is set up"
    LOSE_AGENT_DISK = "an agent's journal is lost"
    ROLL_BACK_AGENT = "an agent's journal is an older one"
    LOSE_STREAMER_DISK = "a streamer's journal is lost"
    CUT_LINK = "the link of an agent breaks"
    PARTITION = "a shop is offline for a while"
    HALF_OPEN = "frames vanish, and neither side notices"
    LOSE = "frames are lost"
    DOUBLE = "frames come twice"
    DELAY = "frames are late"
    REORDER = "frames overtake each other"
    CLOCK = "a clock jumps by up to a day"
    BROKER_CLOCK = "the broker's clock jumps by up to a day"
    ABSENT = "nobody is there for a while"
    SLOW = "people take their time"
    WRONG = "people get things wrong"
    STOP = "somebody asks for a stop"
    CANCEL = "somebody cancels at the machine"
    FIRST_LAYER = "a first layer fails"
    OWN_WORK = "the shop needs a machine for itself"
    HOLD = "somebody holds a run, and it may end so"
    CLOSED = "the shop is closed for a while"
    SKIP = "a piece is left out of a run"
    CORRECT = "somebody puts a count right, or wrong"
    REPLAN = "the planner takes runs back"
    SPOIL = "a staged program is damaged"
    LOSE_START = "the word of a start is lost on its way to the streamer, or back"


SHOP_KINDS = frozenset(Kind) - {
    Kind.KILL_BROKER,
    Kind.RESTORE,
    Kind.BROKER_POWER_CUT,
    Kind.BROKER_CLOCK,
    Kind.REPLAN,
    Kind.STOP,
}
OF_MACHINES = frozenset(
    {
        Kind.KILL_STREAMER,
        Kind.RESTART_FIRMWARE,
        Kind.UNPLUG,
        Kind.OPEN_DOOR,
        Kind.TOUCH,
        Kind.LOSE_STREAMER_DISK,
        Kind.CANCEL,
        Kind.FIRST_LAYER,
        Kind.OWN_WORK,
        Kind.LOSE_START,
        Kind.HOLD,
        Kind.SKIP,
    }
)
_EARLY = (RunState.OFFERED, RunState.CLAIMED, RunState.STAGED, RunState.ARMED)
_UNDER_WAY = (RunState.PERMITTED, RunState.STARTING, RunState.RUNNING, RunState.PAUSED)
_ANY = (*_EARLY, *_UNDER_WAY, RunState.UNKNOWN, RunState.FINISHED, RunState.FAULTED)
_AIMED_AT = {
    Kind.OWN_WORK: _EARLY,
    Kind.REPLAN: _EARLY,
    Kind.CLOSED: _EARLY,
    Kind.RESTORE: (*_EARLY, *_UNDER_WAY),
    Kind.STOP: _UNDER_WAY,
    Kind.CANCEL: _UNDER_WAY,
    Kind.HOLD: _UNDER_WAY,
    Kind.FIRST_LAYER: _UNDER_WAY,
    Kind.SKIP: (RunState.RUNNING, RunState.STARTING),
    Kind.RESTART_FIRMWARE: _UNDER_WAY,
    Kind.UNPLUG: _UNDER_WAY,
    Kind.BROKER_CLOCK: _UNDER_WAY,
}
"""In which states of a run a kind of fault does most; others do in any."""
_FOLLOWING = (
    Kind.HOLD,
    Kind.CANCEL,
    Kind.UNPLUG,
    Kind.RESTART_FIRMWARE,
    Kind.FIRST_LAYER,
    Kind.OWN_WORK,
    Kind.KILL_STREAMER,
)
"""What may come right after an aimed fault, to the machine whose run it was aimed at."""
_FOLLOWED = 0.3
_AIMED = 0.4
"""So many of all faults wait for a run in the right state."""


@dataclass(frozen=True, slots=True)
class Fault:
    """`target`: a shop's or a machine's name, or empty. `passes`: points that a process still passes before it dies.

    `aim`: it comes once a run there has got into this state, if that is soon; `then` comes after it, to that machine.
    """

    at_s: float
    kind: Kind
    target: str
    lasts_s: float
    passes: int
    degree: float
    aim: RunState | None = None
    then: Kind | None = None


def faults(dice: Random, machines: dict[str, str], among: Sequence[Kind]) -> list[Fault]:
    """`machines`: name → shop. In order of time; the first are early, when most is under way."""
    kinds = dice.sample(list(among), min(3, len(among)))
    number = dice.randint(5, 9)
    more = [dice.choice(kinds if dice.random() < 0.4 else list(among)) for _ in range(number - len(kinds))]
    chosen = kinds + more
    return sorted((_fault(dice, kind, machines) for kind in chosen), key=lambda fault: fault.at_s)


def _fault(dice: Random, kind: Kind, machines: dict[str, str]) -> Fault:
    machine = dice.choice(list(machines))
    target = machine if kind in OF_MACHINES else machines[machine] if kind in SHOP_KINDS else ""
    long = dice.random() < 0.25
    aimed, followed = dice.random() < _AIMED, dice.random() < _FOLLOWED
    return Fault(
        at_s=dice.uniform(0, LAST_S) * dice.random() ** 0.5,
        kind=kind,
        target=target,
        lasts_s=dice.uniform(300, LAST_S) if long else dice.uniform(2, 90),
        passes=min(int(dice.expovariate(1 / 6)), 60),
        degree=dice.random(),
        aim=dice.choice(_AIMED_AT.get(kind, _ANY)) if aimed else None,
        then=dice.choice(_FOLLOWING) if aimed and followed else None,
    )
