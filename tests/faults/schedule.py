"""Which kills a world is to suffer: every point once, each by a process and a number of passes drawn from a seed."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random

from tests.faults.points import PLACES, Needs, Place, Role
from tests.faults.world import AGENTS, BROKER, POLLING, PRINTERS, STREAMERS

OFTEN = frozenset(
    {
        "broker.inbox.commit",
        "broker.heartbeat.commit",
        "broker.ack.send",
        "agent.events.send",
        "agent.acknowledged.commit",
        "agent.machine.commit",
        "agent.say.post",
        "agent.hear.post",
        "broker.say.answer",
        "broker.hear.answer",
    }
)
"""Passed several times in every run: any of the first few passes may be the one."""
ASKED_AT_ONCE = 8
RARE = frozenset({Needs.KEYS})
"""An agent's key is followed by another once in thirty days: what isn't asked then isn't passed any more."""
DOUBTS = ("agent.permitted.commit.after", "agent.start.ask.before")
"""An agent that dies here doesn't know whether a run has started."""
UNANSWERED = ("agent.claimed.commit.before",)
"""An agent that dies here leaves an offer unanswered, for as long as it stays away."""
LEAVINGS = ("streamer.first_bytes.send.after", "streamer.running.commit.before", "streamer.running.commit.after")
"""A streamer that dies here leaves its machine in mid-run."""


@dataclass(frozen=True, slots=True)
class Wanted:
    point: str
    needs: Needs
    nth: int
    roles: tuple[str, ...]
    """Whose processes may suffer it."""


@dataclass(slots=True)
class Schedule:
    """`left`: role → what its process has still to suffer, in no order."""

    left: dict[str, list[Wanted]]
    random: Random = field(repr=False)
    at_most: int | None = None
    jumps: int = 0
    """How often clocks have still to jump."""

    @property
    def kills(self) -> int:
        return sum(map(len, self.left.values()))

    @property
    def over(self) -> bool:
        return not self.kills and not self.jumps

    def down_s(self) -> float:
        """How long a process that died stays away."""
        return self.random.choice((0.0, 0.2, 1.0, 3.0))

    def spared_s(self) -> float:
        """How long one that is back is left alone: who dies at each start does nothing else."""
        return self.random.choice((0.0, 0.0, 2.0, 6.0))

    def some(self, role: str) -> list[Wanted]:
        """What is to be asked of a process next."""
        left = self.left[role]
        rare = [wanted for wanted in left if wanted.needs in RARE]
        others = [wanted for wanted in left if wanted.needs not in RARE]
        return rare + self.random.sample(others, min(len(others), ASKED_AT_ONCE))

    def let_off(self) -> None:
        """Nobody has anything more to suffer."""
        self.jumps = 0
        for role in self.left:
            self.left[role] = []

    def pass_on(self, role: str) -> None:
        """What doesn't come where it was meant to may come to others, at an earlier pass: a machine may get no work for
        a long time, and passes count from when they are asked for."""
        kept: list[Wanted] = []
        for wanted in self.left[role]:
            other, sooner = self.random.choice(wanted.roles), replace(wanted, nth=max(1, wanted.nth - 1))
            (kept if other == role else self.left[other]).append(sooner)
        self.left[role] = kept

    def needed(self, needs: Needs, roles: Sequence[str]) -> bool:
        """Whether anybody of these still wants this brought about."""
        return any(wanted.needs is needs for role in roles for wanted in self.left.get(role, ()))


def every_point() -> list[tuple[Place, str]]:
    return [(place, point) for place in PLACES for point in place.points]


def drawn(seed: str, word: str = "", at_most: int | None = None) -> Schedule:
    """Every point; with a word those alone that hold it in their names.

    `at_most`: after so many kills the rest is let off."""
    random = Random(seed)
    made = _assigned([(place, point) for place, point in every_point() if word in point], random)
    made.at_most = at_most
    return made


def with_clocks(seed: str, jumps: int, kills: int) -> Schedule:
    """Clocks that jump, and kills meanwhile: where time runs out, and at some other points."""
    random = Random(seed)
    lapses = [(place, point) for place in PLACES if place.needs is Needs.LAPSE for point in place.points]
    plain = [(place, point) for place, point in every_point() if place.needs is Needs.ORDER]
    made = _assigned([*lapses, *random.sample(plain, kills - len(lapses))], random)
    made.jumps = jumps
    return made


def _assigned(points: Sequence[tuple[Place, str]], random: Random) -> Schedule:
    left: dict[str, list[Wanted]] = {
        role: [] for role in (BROKER, *map(str, (Role.MAKER, Role.KEYS)), *AGENTS, *STREAMERS)
    }
    for place, point in points:
        nth = random.randint(1, 6) if place.name in OFTEN else 1
        roles = roles_of(place)
        left[random.choice(roles)].append(Wanted(point, place.needs, nth, roles))
    return Schedule(left, random)


def roles_of(place: Place) -> tuple[str, ...]:
    """Whose processes may pass it; people hold and cancel prints, a print breaks, and most runs are prints."""
    printers_alone = place.needs in (Needs.HOLD, Needs.CANCEL, Needs.SKIP)
    match place.role:
        case Role.AGENT:
            return _agents(place.needs, printers_alone=printers_alone)
        case Role.STREAMER:
            return PRINTERS if printers_alone else STREAMERS
        case _:
            return (str(place.role),)


def _agents(needs: Needs, *, printers_alone: bool) -> tuple[str, ...]:
    if needs is Needs.POLL:
        return (POLLING,)
    if needs is Needs.SOCKET:
        return tuple(agent for agent in AGENTS if agent != POLLING)
    return AGENTS[:1] if printers_alone else AGENTS
