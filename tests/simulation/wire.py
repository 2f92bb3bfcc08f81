"""The network between an agent and the broker: frames on their way, and what becomes of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from broker.wire.messages import AgentFrame, BrokerFrame, Envelope
from shop_agent.link.conversation import Batch
from tests.simulation.calendar import Calendar, Life

NOTICED_S = 40.0
"""How long a broken link can look sound: a ping that isn't answered."""


@dataclass(slots=True)
class Weather:
    """What the network does to frames now; shares of 1."""

    lost: float = 0.0
    doubled: float = 0.0
    late_s: float = 0.0
    reordered: float = 0.0
    down: bool = False
    silent: bool = False
    """Frames vanish, and neither side notices for a while."""

    def clear(self) -> None:
        self.lost = self.doubled = self.late_s = self.reordered = 0.0
        self.down = self.silent = False


@dataclass(slots=True)
class Connection:
    """From an agent's dialling to the end that each side notices by itself.

    Frames arrive in order, unless the weather reorders them: any transport has to do.
    """

    calendar: Calendar
    dice: Random
    weather: Weather
    agent: str
    to_broker: Callable[["Connection", AgentFrame | Batch[Envelope]], None]
    to_agent: Callable[["Connection", BrokerFrame], None]
    broker_closed: Callable[["Connection"], None]
    agent_closed: Callable[["Connection"], None]
    broker_life: Life
    agent_life: Life
    is_open: bool = True
    _clear_s: list[float] = field(default_factory=lambda: [0.0, 0.0])
    """When the last frame of each direction arrives: the next comes after it."""

    def say_to_broker(self, frame: AgentFrame | Batch[Envelope]) -> None:
        self._send(0, self.broker_life, lambda: self.to_broker(self, frame))

    def say_to_agent(self, frame: BrokerFrame) -> None:
        self._send(1, self.agent_life, lambda: self.to_agent(self, frame))

    def _send(self, way: int, life: Life, hear: Callable[[], None]) -> None:
        def arrive() -> None:
            if self.is_open:
                hear()

        weather, dice = self.weather, self.dice
        if not self.is_open or weather.down or weather.silent or dice.random() < weather.lost:
            return
        for _ in range(1 + (dice.random() < weather.doubled)):
            at_s = self.calendar.now_s + dice.uniform(0.005, 0.1) + weather.late_s * dice.random()
            if dice.random() >= weather.reordered:
                at_s = self._clear_s[way] = max(at_s, self._clear_s[way] + 1e-6)
            self.calendar.after(at_s - self.calendar.now_s, life, arrive)

    def close(self, *, noticed_s: float = 0.05) -> None:
        """Both sides learn of it, each in its time; what was on its way is lost."""
        if self.is_open:
            self.is_open = False
            self.calendar.after(noticed_s * self.dice.random(), self.broker_life, lambda: self.broker_closed(self))
            self.calendar.after(noticed_s * self.dice.random(), self.agent_life, lambda: self.agent_closed(self))
