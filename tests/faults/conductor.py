"""Leads a world through a schedule: asks for kills, brings about what they need, starts again what has died."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.faults.clocks import OFFSETS_S
from tests.faults.hands import Correctors, Hands, KeyTurners, People
from tests.faults.hurry import GRACE_S, OFFER_LIFE_S
from tests.faults.judge import unseen_jumps
from tests.faults.points import Needs
from tests.faults.schedule import DOUBTS, LEAVINGS, UNANSWERED, Schedule
from tests.faults.world import AGENTS, BROKER, STREAMERS, World

LOOK_S = 0.05
AT_ONCE = 3
"""Orders under way."""
AGAIN_S = 12.0
"""What was asked of a process and doesn't come for so long is drawn and brought about anew."""
JUMP_EVERY_S = 4.0
AWAY_S = max(OFFER_LIFE_S, GRACE_S) + 6.0
"""An agent that was offered a run, and stays away for so long, has let the offer lapse."""
PREPARE_S = 2.0
"""Once a process has been up for so long, another is to stand by."""
STUCK_S = 240.0
"""With no kill for so long nothing moves any more."""


@dataclass(slots=True)
class Outcome:
    died: list[tuple[str, str]] = field(default_factory=list)
    """Role and point of each kill, in order."""
    missed: list[str] = field(default_factory=list)
    """Points that were never passed."""
    violations: list[str] = field(default_factory=list)
    orders: int = 0
    wall_s: float = 0.0


class Conductor:
    def __init__(self, world: World, schedule: Schedule, say: Callable[[str], None]) -> None:
        self._world = world
        self._schedule = schedule
        self._say = say
        self._asked_s: dict[str, float] = {}
        self._back_s: dict[str, float] = {}
        """Role → when its process, which is dead, is started again."""
        self._spared_s: dict[str, float] = {}
        """Role → until when nothing is asked of it again."""
        self._up_s: dict[str, float] = dict.fromkeys((BROKER, *AGENTS), float("-inf"))
        """Role → since when its process is up."""
        self._at_work: dict[Needs, People] = {}
        self._leaving: list[People] = []
        self._kill_s = self._jumped_s = time.monotonic()
        self.outcome = Outcome()

    def lead(self) -> Outcome:
        """Until every point was hit and every order delivered, or nothing moves any more."""
        producer, outcome = self._world.producer, self.outcome
        began_s = self._kill_s = time.monotonic()
        producer.start(AT_ONCE)
        try:
            while not producer.done and not outcome.violations:
                self._look_after_processes()
                for role in self._schedule.left:
                    self._ask(role)
                self._bring_about()
                self._jump()
                if self._schedule.over:
                    producer.enough.set()
                self._require_sound()
                time.sleep(LOOK_S)
        finally:
            self._leaving += self._at_work.values()
            for people in self._leaving:
                people.leave()
            for people in self._leaving:
                people.join()
        outcome.orders, outcome.wall_s = len(producer.delivered), time.monotonic() - began_s
        return outcome

    # What is asked ----------------------------------------------------------------------------------

    def _ask(self, role: str) -> None:
        now_s = time.monotonic()
        point = self._world.asking.died(role)
        if point is not None:
            self._died(role, point)
        if now_s < self._spared_s.get(role, 0.0):
            return
        if point is None and role in self._asked_s:
            if now_s - self._asked_s[role] < AGAIN_S:
                return
            self._schedule.pass_on(role)
        points = {wanted.point: wanted.nth for wanted in self._schedule.some(role)} | self._led_to(role)
        if points:
            self._asked_s[role] = now_s
            self._world.asking.ask(role, points)
        else:
            self._world.asking.withdraw(role)

    def _died(self, role: str, point: str) -> None:
        left = self._schedule.left[role]
        self.outcome.died.append((role, point))
        self._say(f"{len(self.outcome.died):4d}  {role} died at {point}")
        self._schedule.left[role] = [wanted for wanted in left if wanted.point != point]
        if len(self.outcome.died) == self._schedule.at_most:
            self._schedule.let_off()
            self._asked_s.clear()
        self._kill_s = time.monotonic()
        if role == BROKER or role in AGENTS:
            self._asked_s.pop(role, None)
            self._up_s.pop(role, None)
            away_s = AWAY_S if point in UNANSWERED and self._lapses_wanted() else self._schedule.down_s()
            self._back_s[role] = self._kill_s + away_s
            self._spared_s[role] = self._back_s[role] + self._schedule.spared_s()

    def _lapses_wanted(self) -> bool:
        return self._schedule.needed(Needs.LAPSE, [BROKER])

    def _led_to(self, role: str) -> dict[str, int]:
        """Kills that bring about what others wait for."""
        if role in AGENTS and self._schedule.needed(Needs.DOUBT, [role, *self._world.streamers_of(role)]):
            return {self._schedule.random.choice(DOUBTS): 1}
        if role in AGENTS and self._lapses_wanted():
            return dict.fromkeys(UNANSWERED, 1)
        if role in STREAMERS and self._schedule.needed(Needs.LEFT, [role, self._world.agent_of(role)]):
            return {self._schedule.random.choice(LEAVINGS): 1}
        return {}

    def _bring_about(self) -> None:
        wanted = {needs for needs in Needs if self._schedule.needed(needs, list(self._schedule.left))}
        self._world.breakages.wanted = bool(wanted & {Needs.FAULT, Needs.CORRECT})
        for needs, begin in self._people().items():
            if needs in wanted and needs not in self._at_work:
                self._at_work[needs] = begin()
            elif needs not in wanted and needs in self._at_work:
                self._leaving.append(self._at_work.pop(needs))
                self._leaving[-1].leave()

    def _people(self) -> dict[Needs, Callable[[], People]]:
        """Who brings what about."""
        world, network = self._world, self._world.network
        return {
            Needs.HOLD: lambda: Hands(world.printers_at_bench(), "hold", 0),
            Needs.CANCEL: lambda: Hands(world.printers_at_bench(), "cancel", 1),
            Needs.SKIP: lambda: Hands(world.printers_at_bench(), "skip", 2),
            Needs.CORRECT: lambda: Correctors([operator.bench for operator in network.operators]),
            Needs.KEYS: lambda: KeyTurners(network),
        }

    def _jump(self) -> None:
        """Now and then another computer's clock; when they have jumped often enough they are right.

        The last jump counts only where processes of each kind have written times of another day: on a slow computer no
        machine may have begun before.
        """
        clocks, now_s = self._world.clocks, time.monotonic()
        if clocks is None or now_s - self._jumped_s < JUMP_EVERY_S:
            return
        self._jumped_s = now_s
        if not self._schedule.jumps:
            for computer in clocks.computers:
                clocks.set(computer, "right")
            return
        computer, to = self._schedule.random.choice(clocks.computers), self._schedule.random.choice(list(OFFSETS_S))
        if clocks.set(computer, to):
            if self._schedule.jumps > 1 or not any(unseen_jumps(self._world)):
                self._schedule.jumps -= 1
                self._kill_s = now_s
            self._say(f"      the clock of {computer} is {to}")

    # Processes --------------------------------------------------------------------------------------

    def _look_after_processes(self) -> None:
        network = self._world.network
        for role, back_s in list(self._back_s.items()):
            if time.monotonic() >= back_s:
                del self._back_s[role]
                network.processes.kill(role)
                if role == BROKER:
                    network.begin_broker()
                else:
                    network.start_agent(role.partition("-")[2])
                self._up_s[role] = time.monotonic()
        for role, up_s in self._up_s.items():
            if time.monotonic() >= up_s + PREPARE_S:
                self._world.processes.prepare(role)

    def _require_sound(self) -> None:
        """Nobody has died but those who were asked to, and something still moves."""
        network, found = self._world.network, self.outcome.violations
        for child in network.processes.children.values():
            code = child.popen.poll()
            if code is not None and child.name not in self._back_s and not self._world.asking.has_died(child.name):
                found.append(f"{child.name} ended with {code}:\n{child.tail()}")
        for operator in network.operators:
            if operator.error is not None:
                found.append(f"{operator.name}: {operator.error}")
        if self._world.producer.error is not None:
            found.append(f"the producer: {self._world.producer.error}")
        if time.monotonic() - self._kill_s > STUCK_S:
            self._give_up()

    def _give_up(self) -> None:
        """Points that nothing leads to are said; an order that isn't delivered is a violation."""
        self.outcome.missed += [wanted.point for left in self._schedule.left.values() for wanted in left]
        if not self._schedule.over:
            self._kill_s = time.monotonic()
            self._schedule.let_off()
        else:
            orders = ", ".join(self._world.producer.under_way) or "an order"
            self.outcome.violations.append(f"{orders}: not delivered {STUCK_S:.0f} s after the last kill")
