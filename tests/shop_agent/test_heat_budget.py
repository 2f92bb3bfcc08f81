"""Heat-ups are staggered: whatever comes, in whatever order, the budget holds, and nobody waits for ever."""

import io
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from broker.wire.states import RunState
from shop_agent.agent import Agent
from shop_agent.bench.desk import Desk
from shop_agent.bench.tables import machine_table
from shop_agent.identity import Identity, Signer, own_key
from shop_agent.settings import load_config, load_policy
from shop_agent.state import events as ev
from shop_agent.state import reports as say
from shop_agent.state.instructions import AskPermit, Instruction, StartRun
from shop_agent.state.memory import Rules
from shop_agent.state.records import MachineFacts, MachineView, Now, RunRecord, Setup
from shop_agent.state.shop import Shop
from shop_agent.streamer.execution import REACHED_S, Execution
from shop_agent.streamer.power import PowerCut
from tests.shop_agent.core import BOOT, NEEDS, PROGRAM, START
from tests.shop_agent.shops import write_shop

HEAT_W = {"a": 500.0, "b": 800.0, "c": 1200.0, "cold": 0.0}
BUDGET_W = 1500.0
HEAT_UP_S = 60.0
PERMIT_S = 30.0


@dataclass
class Street:
    """A shop of four printers, and what its heaters do."""

    at_s: float = 0.0
    seq: int = 0
    number: int = 0
    shop: Shop = field(init=False)
    asks: dict[str, AskPermit] = field(default_factory=dict)
    started: dict[str, float] = field(default_factory=dict)
    """Run → when it began to heat."""
    first_asked: list[str] = field(default_factory=list)
    current: dict[str, str] = field(default_factory=dict)
    """Machine → its last run."""

    def __post_init__(self) -> None:
        facts = [MachineFacts(name, False, ("PLA",), 0.4, False, watt, HEAT_UP_S) for name, watt in HEAT_W.items()]
        self.shop = Shop(facts, Rules(True, 3600.0, frozenset({"PLA"}), BUDGET_W), "tok")
        self.do(ev.Connected())
        for name in HEAT_W:
            self.do(ev.StreamerOpened(name, f"j-{name}", 0))
            self.see(name)

    @property
    def now(self) -> Now:
        return Now(START + timedelta(seconds=self.at_s), 1000.0 + self.at_s)

    def do(self, event: ev.Event) -> list[Instruction]:
        out = self.shop.handle(event, self.now)
        for one in out:
            if isinstance(one, AskPermit):
                if one.run not in self.first_asked:
                    self.first_asked.append(one.run)
                self.asks[one.run] = one
            elif isinstance(one, StartRun):
                self.started[one.run] = self.at_s
                self.wrote(one.machine, one.run, say.Starting())
        return out

    def tick(self, seconds: float) -> None:
        self.at_s += seconds
        self.do(ev.Ticked())

    def see(self, machine: str, warm: str = "") -> None:
        self.do(ev.MachineSeen(machine, MachineView(True, BOOT, warm=warm)))

    def wrote(self, machine: str, run: str, report: say.MachineReport) -> None:
        self.do(ev.StreamerWrote(machine, f"j-{machine}", self.shop.memory.machines[machine].cursor + 1, run, report))

    def arm(self, machine: str) -> None:
        """Offer, make and set up a run, where the machine is free for one."""
        memory = self.shop.memory
        if self.current.get(machine) in memory.runs:
            return
        self.number += 1
        run = self.current[machine] = f"{machine}{self.number}"
        self.do(ev.RunOffered(run, 1, 2, machine, "ab", ("lot1",), False, "PLA"))
        self.do(ev.ProgramMade(run, 1, PROGRAM, NEEDS))
        self.do(ev.SetupGiven(run, Setup(f"rec-{run}", "Ana", BOOT, self.now.at, True, "PLA", 0.4)))

    def grant(self, machine: str) -> None:
        ask = self.asks.pop(self.current.get(machine, ""), None)
        if ask is not None:
            self.do(ev.PermitGranted(ask.run, ask.fence, ask.version + 1, ask.request, PERMIT_S))

    def deny(self, machine: str) -> None:
        ask = self.asks.pop(self.current.get(machine, ""), None)
        if ask is not None:
            self.do(ev.PermitDenied(ask.run, ask.request, "not now"))

    def warm(self, machine: str) -> None:
        run = self.current.get(machine, "")
        if run in self.started:
            del self.started[run]
            self.see(machine, run)

    def end(self, machine: str) -> None:
        """Stopped, settled, released, cleared: the machine is free again."""
        run = self.current.get(machine, "")
        phase = self.shop.memory.runs[run].phase if run in self.shop.memory.runs else ""
        if phase in ("starting", "running", "paused"):
            self.started.pop(run, None)
            self.wrote(machine, run, say.Stopped("enough", 1))
            self.do(ev.SettleGiven(run, "Ana", "looked", ()))
            self.do(ev.MachineReleased(machine))
            del self.current[machine]

    def heating_w(self) -> float:
        """By what the heaters may really draw: whatever was asked for may be granted, and start, at any moment."""
        memory = self.shop.memory
        asking = [ask.run for ask in self.asks.values() if ask.run in memory.runs]
        hot = {run for run, since_s in self.started.items() if self.at_s < since_s + HEAT_UP_S}
        return sum(HEAT_W[memory.runs[run].machine] for run in {*asking, *hot})


STEPS = st.tuples(
    st.sampled_from(["arm", "grant", "deny", "warm", "end", "tick", "tick", "part", "connect", "lose", "find"]),
    st.sampled_from(list(HEAT_W)),
    st.floats(0.5, 40.0),
)


def step(street: Street, verb: str, machine: str, seconds: float) -> None:
    match verb:
        case "arm":
            street.arm(machine)
        case "grant":
            street.grant(machine)
        case "deny":
            street.deny(machine)
        case "warm":
            street.warm(machine)
        case "end":
            street.end(machine)
        case "part":
            street.do(ev.Disconnected())
        case "connect":
            street.do(ev.Connected())
        case "lose":
            lapses = street.shop.memory.runs.get(street.current.get(machine, ""))
            if lapses is not None and lapses.phase not in ("armed", "permitted", "staged"):
                street.do(ev.MachineGone(machine, "unplugged"))
        case "find":
            street.see(machine)
        case _:
            street.tick(seconds)


@settings(max_examples=200, deadline=None)
@given(st.lists(STEPS, max_size=80))
def test_the_budget_holds_and_nobody_waits_for_ever(steps: list[tuple[str, str, float]]) -> None:
    street = Street()
    for verb, machine, seconds in steps:
        step(street, verb, machine, seconds)
        assert street.heating_w() <= BUDGET_W
    street.do(ev.Connected())
    waiting = [run for run in street.shop.memory.runs.values() if run.phase == "armed"]
    for _ in range(int(len(HEAT_W) * (HEAT_UP_S + 60))):
        street.tick(1.0)
        for machine in HEAT_W:
            street.grant(machine)
        assert street.heating_w() <= BUDGET_W
    for run in waiting:
        left = street.shop.memory.runs.get(run.id)
        assert left is None or left.phase != "armed"


def test_who_was_armed_first_heats_first_and_the_others_say_for_whom_they_wait() -> None:
    street = Street()
    for machine in ("b", "c", "a", "cold"):
        street.arm(machine)
    waits = street.shop.memory.slot_waits
    assert street.first_asked == ["b1", "cold4"]
    assert waits == {
        "c2": "waits for a heat-up slot: b is heating",
        "a3": "waits for a heat-up slot: b is heating, c is before it",
    }
    street.grant("b")
    street.tick(1)
    assert "c2" in waits
    street.warm("b")
    street.tick(1)
    assert street.first_asked == ["b1", "cold4", "c2"]
    assert waits == {"a3": "waits for a heat-up slot: c is heating"}
    street.grant("c")
    street.tick(1)
    street.tick(HEAT_UP_S)
    assert street.first_asked[-1] == "a3"
    assert waits == {}


def test_a_refused_permit_gives_the_slot_to_the_next() -> None:
    street = Street()
    street.arm("c")
    street.arm("b")
    assert street.first_asked == ["c1"]
    street.deny("c")
    street.tick(1)
    assert street.first_asked == ["c1", "b2"]


def test_without_a_budget_all_ask_at_once() -> None:
    street = Street()
    street.shop.memory.rules = Rules(True, 3600.0, frozenset({"PLA"}))
    for machine in HEAT_W:
        street.arm(machine)
    assert len(street.first_asked) == len(HEAT_W)


async def test_the_policys_figures_reach_the_mind_and_who_waits_is_shown(tmp_path: Path) -> None:
    tty = tmp_path / "tty"
    path = write_shop(tmp_path, tmp_path / "r", printer=tty, router=tty, policy="power_budget_w = 900.0\n")
    policy = tmp_path / "policy.toml"
    policy.write_text(
        policy.read_text().replace("[machines.router]", "heat_w = 350\nheat_up_s = 60\n[machines.router]")
    )
    config = load_config(path)
    signer = Signer(Identity(agent="a", workshop="Nava", broker=config.broker), own_key(config.data))
    agent = Agent(config, path, load_policy(config), signer)
    try:
        assert agent.memory.rules.power_budget_w == 900.0
        facts = agent.memory.facts
        assert (facts["printer"].heat_w, facts["printer"].heat_up_s, facts["router"].heat_w) == (350.0, 60.0, 0.0)
        run = RunRecord("run1", 1, 2, "printer", "ab", ("lot1",), "PLA", 1, phase=RunState.ARMED)
        agent.memory.keep_run(run)
        agent.memory.slot_waits["run1"] = "waits for a heat-up slot: printer-2 is heating"
        view = Desk(agent).machine("printer")
        assert view.waits.endswith("printer-2 is heating")
        shown = io.StringIO()
        Console(file=shown, width=200).print(machine_table([view]))
        assert "printer-2 is heating" in shown.getvalue()
    finally:
        await agent.close()


def test_heaters_one_after_the_other_are_one_heat_up() -> None:
    run = Execution("run1", lambda _run, _report: None, lambda _status: None, PowerCut(()), lambda: 0.0)
    for rising, at_s in ((False, 0.0), (False, 9.0), (True, 10.0), (False, 20.0), (True, 20.1), (False, 30.0)):
        run._follow_heaters(rising, at_s)
        assert run.heating
    run._follow_heaters(False, 30.0 + REACHED_S)
    assert not run.heating
