"""Broker, two shops, three machines, their people and what goes wrong: one schedule, all of it from one seed."""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from broker.accounts.models import Account, Role
from broker.orders.models import Line, Order, OrderState
from broker.parts.models import Part
from broker.quotes.models import Quote
from broker.runs.models import PlateLot, Run
from broker.wire.messages import Challenge, Envelope
from broker.wire.plates import Plate, PlatedPart
from broker.wire.shop import Inventory, MachineSpec, Process, Rates, Stock
from broker.wire.states import LIVE, RunState
from broker.wire.tiers import Tier
from broker.workshops.models import Agent, Workshop
from broker.workshops.models import Machine as MachineRow
from shop_agent.state.memory import Rules
from shop_agent.state.records import Count, MachineFacts
from tests.simulation.agent import AgentProcess
from tests.simulation.broker import BrokerProcess
from tests.simulation.calendar import BEGIN, Calendar, Life
from tests.simulation.hazards import Hazards, Killed
from tests.simulation.judge import Judge
from tests.simulation.machine import Machine, Made, objects_of
from tests.simulation.people import Person
from tests.simulation.rows import Undo
from tests.simulation.shop import Site
from tests.simulation.story import Story
from tests.simulation.streamer import StreamerProcess
from tests.simulation.wire import Connection

RECORD_LIFE_S = 200.0
PRESENCE_S = 120.0
HEAT_W = 1000.0
"""Of each machine; where power is scarce it is that of one."""
HEAT_UP_S = 60.0
THICKNESS_MM = 6.0
_GOOD_SHARE = 0.9
_SHOPS = {"Norte": {"prusa": False, "fresa": True}, "Sur": {"ender": False}}
"""Shop → machine → whether it is a router."""
LINES = {"FDM": (Process.FDM, "PLA", 6), "CUT": (Process.CUT2D, "plywood", 4)}
MACHINES = {machine: shop for shop, machines in _SHOPS.items() for machine in machines}


@dataclass(frozen=True, slots=True)
class Aim:
    """Strike once a run of the machine, of the shop, or any, has got into the state."""

    state: RunState
    target: str
    strike: Callable[[str], None]
    """With the machine's name."""

    def matches(self, state: RunState, machine: str) -> bool:
        return state is self.state and self.target in ("", machine, MACHINES[machine])


class World:
    def __init__(self, seed: int, *, told: bool = False) -> None:
        self.dice = Random(seed)
        self.calendar = Calendar()
        self.story = Story(self.calendar, told)
        self.judge = Judge(self.story)
        self.hazards = Hazards()
        self.life = Life()
        self.wished: set[str] = set()
        """Runs that somebody has asked to stop."""
        self.aims: list[Aim] = []
        """Faults that wait for their moment."""
        self.spoilt: set[str] = set()
        """Runs of which nothing comes out: their first layer came off."""
        self.left_out: dict[str, frozenset[str]] = {}
        """Run → names of the objects that its machine really left out."""
        self.contents: dict[str, tuple[tuple[str, int], ...]] = {}
        """Run → lots and pieces on its plate."""
        self.lost_starts: dict[str, str] = {}
        """Machine → on which way the next word of a start is lost."""
        self.counted: dict[str, tuple[Count, ...]] = {}
        """Task → what was counted for it."""
        self.clears: dict[str, bool] = {}
        self.attested: defaultdict[str, list[tuple[Count, ...]]] = defaultdict(list)
        """Run → what the agent has taken as a person's word; the last stands, unless the broker refused it."""
        self.miscounted = False
        self.was_restored = False
        self.journals_lost = False
        self.sent: dict[tuple[str, str, int], Envelope] = {}
        """Agent, epoch and number → what it said under it."""
        self._names: Counter[str] = Counter()
        self._reviving: set[str] = set()
        self._versions: dict[str, int] = {}
        self.broker = BrokerProcess(self)
        self.sites = {name: self._site(name, machines) for name, machines in _SHOPS.items()}
        self.machines = {name: machine for site in self.sites.values() for name, machine in site.machines.items()}
        self._routers = [machine for machine in self.machines.values() if machine.router]
        self._order()

    def new_name(self, kind: str) -> str:
        self._names[kind] += 1
        return f"{kind}-{self._names[kind]}"

    # Building -----------------------------------------------------------------------------------------

    def _site(self, name: str, machines: dict[str, bool]) -> Site:
        site = Site(self, name)
        for machine, router in machines.items():
            site.machines[machine] = Machine(
                machine,
                router,
                self.calendar,
                self.judge,
                self.fence_of,
                RECORD_LIFE_S,
                PRESENCE_S,
                self.wished.__contains__,
            )
            site.streamers[machine] = StreamerProcess(self, site, site.machines[machine])
        facts = tuple(
            MachineFacts(
                one,
                router,
                ("plywood",) if router else ("PLA",),
                3.0 if router else 0.4,
                heat_w=HEAT_W,
                heat_up_s=HEAT_UP_S,
            )
            for one, router in machines.items()
        )
        rules = Rules(
            auto_accept_lots=self.dice.random() < 0.5,
            record_life_s=RECORD_LIFE_S,
            stock=frozenset({"PLA", "plywood"}),
            power_budget_w=HEAT_W if self.dice.random() < 0.4 else None,
            presence_interval_s=PRESENCE_S,
        )
        site.agent = AgentProcess(self, site, f"agt {name}", facts, rules, _inventory(name, machines))
        site.person = Person(self, site)
        return site

    def _order(self) -> None:
        tables, undo = self.broker.books.tables, Undo()
        rows = [
            Account(id="acc", name="ana", role=Role.PRODUCER, created_at=BEGIN),
            Part(
                id="part",
                account_id="acc",
                name="part",
                source_sha256="",
                normalised_sha256="",
                facts="",
                created_at=BEGIN,
            ),
            Quote(id="quote", account_id="acc", currency="EUR", created_at=BEGIN, expires_at=BEGIN),
            Order(
                id="order",
                account_id="acc",
                quote_id="quote",
                tier=Tier.STANDARD,
                created_at=BEGIN,
                due_at=BEGIN + timedelta(days=1),
            ),
            *(
                Line(
                    id=name,
                    order_id="order",
                    quote_item_id=name,
                    position=number,
                    part_id="part",
                    quantity=quantity,
                    process=process,
                    material=material,
                    recipe="{}",
                    machine_s=300.0,
                    amount=1000,
                )
                for number, (name, (process, material, quantity)) in enumerate(LINES.items())
            ),
        ]
        for name, site in self.sites.items():
            rows.append(Workshop(id=f"wsh {name}", name=name, created_at=BEGIN))
            rows.append(
                Agent(id=site.agent.agent_id, workshop_id=f"wsh {name}", public_key="", created_at=BEGIN, acked_seq=0)
            )
        for row in rows:
            tables.add(row, undo)

    def document(self, line: Line) -> str:
        return _DOCUMENTS[line.process]

    def thickness_mm(self, machine: str) -> float:
        return THICKNESS_MM if self.machines[machine].router else 0.0

    # What is so, whoever says what ----------------------------------------------------------------------

    def run_row(self, run: str) -> Run | None:
        return self.broker.books.tables.get(Run, run)

    def fence_of(self, run: str) -> tuple[int, str] | None:
        """None where nobody can know: a broker that was restored since has another number, or none."""
        row = self.run_row(run)
        return None if row is None or row.restored else (row.fence, row.state.value)

    def restored(self) -> None:
        """The broker's rows are older ones again."""
        self.was_restored = True
        self._versions.clear()

    def pieces_of(self, plate: str) -> tuple[tuple[str, int], ...] | None:
        """What the plate's document says, if the broker can be asked for it."""
        if not self.broker.alive:
            return None
        rows = self.broker.books.tables.by(PlateLot, "plate_id", plate)
        return tuple((row.lot_id, row.pieces) for row in rows)

    def yielded(self, run: str, share: float, left_out: frozenset[str]) -> tuple[Made, ...]:
        self.left_out[run] = left_out
        if run in self.spoilt:
            return ()
        made = []
        for lot, on_it in self.contents[run]:
            pieces = int((on_it - len(left_out & set(objects_of(lot, on_it)))) * share)
            good = sum(self.dice.random() < _GOOD_SHARE for _ in range(pieces))
            if pieces:
                made.append(Made(lot, good, pieces - good))
        return tuple(made)

    def attest(self, run: str, counts: tuple[Count, ...]) -> None:
        if counts not in self.attested[run]:
            self.attested[run].append(counts)

    # Processes ------------------------------------------------------------------------------------------

    def connect(self, site: Site) -> Connection | None:
        """The broker's first frame is on its way; None where nobody answers."""
        if not self.broker.alive or site.weather.down:
            return None
        connection = Connection(
            calendar=self.calendar,
            dice=self.dice,
            weather=site.weather,
            agent=site.agent.agent_id,
            to_broker=self.broker.hear,
            to_agent=site.agent.hear,
            broker_closed=self.broker.closed,
            agent_closed=site.agent.closed,
            broker_life=self.broker.life,
            agent_life=site.agent.life,
        )
        connection.say_to_agent(Challenge(nonce="once"))
        return connection

    def revive(self, streamer: StreamerProcess) -> None:
        """Its agent starts it anew, once."""
        if streamer.name not in self._reviving:
            self._reviving.add(streamer.name)
            self.calendar.after(self.dice.uniform(0.2, 2), self.life, lambda: self._revived(streamer))

    def _revived(self, streamer: StreamerProcess) -> None:
        self._reviving.discard(streamer.name)
        if streamer.site.powered and streamer.site.agent.alive and not streamer.alive:
            streamer.start()

    def process(self, name: str) -> "BrokerProcess | AgentProcess | StreamerProcess":
        if name == "broker":
            return self.broker
        kind, _, rest = name.partition(" ")
        return self.sites[rest].agent if kind == "agent" else self.sites[MACHINES[rest]].streamers[rest]

    def killed(self, name: str, down_s: float) -> None:
        """It is gone; whoever looks after it starts it again."""
        process = self.process(name)
        self.hazards.waiting.pop(name, None)
        if process.alive:
            process.die()
        if not isinstance(process, StreamerProcess):
            self.calendar.after(down_s, self.life, lambda: self._started(process))

    def _started(self, process: BrokerProcess | AgentProcess) -> None:
        if not process.alive and (isinstance(process, BrokerProcess) or process.site.powered):
            process.start()

    # The course of things -------------------------------------------------------------------------------

    def begin(self) -> None:
        self.broker.start()
        for site in self.sites.values():
            site.agent.start()
            site.person.start()

    def end(self) -> None:
        for site in self.sites.values():
            for streamer in site.streamers.values():
                streamer.end()

    def step(self) -> bool:
        """The next thing that happens; False if nothing will."""
        action = self.calendar.next()
        if action is None:
            return False
        try:
            action()
        except Killed as killed:
            self.story.say(killed.process, "is killed at %s", killed.point)
            self.killed(killed.process, self.dice.uniform(1, 60))
        for machine in self._routers:
            if machine.hot:
                self._judge_presence(machine)
        return True

    def _judge_presence(self, machine: Machine) -> None:
        """A tool that turns on is stopped, unless nothing of ours reaches it."""
        streamer = self.sites[MACHINES[machine.name]].streamers[machine.name]
        alone_s = self.calendar.now_s - machine.attended_s
        if alone_s > PRESENCE_S + 5.0 and streamer.alive and machine.reachable and not machine.locked:
            self.judge.broken("I10", "%s has turned for %.0f s, and nobody is there", machine.name, alone_s)
            machine.hot = False

    def judge_rows(self) -> None:
        """After every commit of the broker: versions go up, and by the table."""
        tables, versions = self.broker.books.tables, self._versions
        for run in tables.all(Run):
            values = vars(run)  # quicker than its attributes, and this is done very often
            name, version = values["id"], values["version"]
            before = versions.get(name, 0)
            if name not in self.contents:
                rows = tables.by(PlateLot, "plate_id", run.plate_id)
                self.contents[name] = tuple((row.lot_id, row.pieces) for row in rows)
            if version != before:
                if version < before:
                    self.judge.broken("I9", "run %s went from version %d to %d", name, before, version)
                versions[name] = version
                if self.aims:
                    self._strike(run)

    def _strike(self, run: Run) -> None:
        machine = self.broker.books.tables.get(MachineRow, run.machine_id)
        assert machine is not None
        for aim in [one for one in self.aims if one.matches(run.state, machine.name)]:
            self.aims.remove(aim)
            aim.strike(machine.name)

    @property
    def delivered(self) -> bool:
        order = self.broker.books.tables.get(Order, "order")
        assert order is not None
        return order.state is OrderState.DELIVERED

    @property
    def settled(self) -> bool:
        """The order has gone, no run is open anywhere, and a restored broker has heard again what it lacked."""
        tables = self.broker.books.tables
        if any(agent.behind for agent in tables.all(Agent)):
            return False
        return self.delivered and not any(run.state in LIVE for run in tables.all(Run))


def _inventory(name: str, machines: dict[str, bool]) -> Inventory:
    return Inventory(
        workshop=name,
        town=name,
        country="ES",
        latitude=43.0,
        longitude=-5.0,
        attended=(),
        rates=Rates(),
        stock=(Stock(material="PLA"), Stock(material="plywood", sheet_mm=(600, 400, THICKNESS_MM))),
        machines=tuple(
            MachineSpec(
                name=one,
                driver="grbl" if router else "marlin",
                process=Process.CUT2D if router else Process.FDM,
                volume_mm=(200, 200, 200),
                materials=("plywood",) if router else ("PLA",),
            )
            for one, router in machines.items()
        ),
    )


def _document(process: Process, material: str) -> str:
    part = PlatedPart(
        part_sha256="0", name="part", lot="", height_mm=1, outline=((0, 0), (1, 0), (1, 1)), placements=((0, 0, 0),)
    )
    return Plate(
        process=process, material=material, size_mm=(200, 200), usable_mm=(0, 0, 200, 200), parts=(part,)
    ).model_dump_json()


_DOCUMENTS = {process: _document(process, material) for process, material, _ in LINES.values()}
