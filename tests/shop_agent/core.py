"""A shop's mind in tests: time that stands still, and the ways into every state."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from broker.wire.shop import Inventory, Rates
from shop_agent.following import Follower
from shop_agent.mind import Mind as AgentMind
from shop_agent.state import events as ev
from shop_agent.state import reports as say
from shop_agent.state.instructions import AskPermit, Instruction, Tell
from shop_agent.state.memory import Rules
from shop_agent.state.records import (
    Count,
    MachineFacts,
    MachineView,
    Now,
    PlateNeeds,
    Program,
    RunRecord,
    Setup,
    ToolLength,
)
from shop_agent.state.shop import Shop
from shop_agent.version import VERSION
from tests.simulation.journals import MemoryJournal, ShopDisk

BOOT = "boot1/0"
PROGRAM = Program("/p.gcode", "aa", 100, 60.0, 2.0, "slicer 1")
NEEDS = PlateNeeds((("lot1", 2),), ("2 × cube",), objects=(("cube.stl copy 0", "lot1"), ("cube.stl copy 1", "lot1")))
SHEET = PlateNeeds((("lot1", 2),), ("2 × square",), thickness_mm=3.0, tool_mm=3.0, reach_mm=(420.0, 120.0))
ZERO = (-590.0, -390.0, -60.0)
AT_ROUTER = MachineView(True, BOOT, work_offset_mm=ZERO, homed=True, zeroed=True, probed=True)
RULES = Rules(True, 3600.0, frozenset({"PLA", "plywood"}))
INVENTORY = Inventory(
    workshop="Nava", town="Nava", country="ES", latitude=0, longitude=0, attended=(), rates=Rates(), stock=(),
    machines=(),
)  # fmt: skip
START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Mind:
    rules: Rules = RULES
    at_s: float = 0.0
    seq: int = 0
    told: list[Tell] = field(default_factory=list)
    shop: Shop = field(init=False)

    def __post_init__(self) -> None:
        facts = [
            MachineFacts("printer", False, ("PLA",), 0.4),
            MachineFacts("router", True, ("plywood",), 3.0),
        ]
        self.shop = Shop(facts, self.rules, "tok")
        self.do(ev.StreamerOpened("printer", "j1", 0))
        self.do(ev.MachineSeen("printer", MachineView(True, BOOT)))
        self.do(ev.Connected())
        self.told.clear()

    @property
    def now(self) -> Now:
        return Now(START + timedelta(seconds=self.at_s), 1000.0 + self.at_s)

    def do(self, event: ev.Event) -> list[Instruction]:
        out = self.shop.handle(event, self.now)
        self.told += [one for one in out if isinstance(one, Tell)]
        return out

    @property
    def reports(self) -> list[object]:
        return [tell.report for tell in self.told]

    def run(self, run: str = "run1") -> RunRecord:
        return self.shop.memory.runs[run]

    # Ways in --------------------------------------------------------------------------------------

    def offer(
        self, run: str = "run1", fence: int = 1, machine: str = "printer", material: str = "PLA", router: bool = False
    ) -> list[Instruction]:
        return self.do(ev.RunOffered(run, fence, 2, machine, "ab", ("lot1",), router, material))

    def made(self, run: str = "run1", fence: int = 1) -> list[Instruction]:
        return self.do(ev.ProgramMade(run, fence, PROGRAM, NEEDS))

    def setup(self, **changes: object) -> Setup:
        setup = Setup("rec1", "Ana", BOOT, self.now.at, True, "PLA", 0.4)
        return replace(setup, **changes)  # type: ignore[arg-type]

    def router_setup(self, **changes: object) -> Setup:
        setup = Setup(
            "rec1",
            "Ana",
            BOOT,
            self.now.at,
            True,
            "plywood",
            3.0,
            sheet_mm=(580.0, 380.0, 3.0),
            work_zero_mm=ZERO,
            clamps_clear=True,
            extraction_on=True,
            tool_length=ToolLength.TOUCHED_OFF,
        )
        return replace(setup, **changes)  # type: ignore[arg-type]

    def router_staged(self, view: MachineView = AT_ROUTER) -> "Mind":
        """A sheet's run waits for its setup at the router."""
        self.do(ev.StreamerOpened("router", "j1", 0))
        self.do(ev.MachineSeen("router", view))
        self.offer("run1", machine="router", material="plywood", router=True)
        self.do(ev.ProgramMade("run1", 1, PROGRAM, SHEET))
        return self

    def all_good(self) -> tuple[Count, ...]:
        return tuple(Count(lot, pieces) for lot, pieces in NEEDS.pieces)

    def arm(self, run: str = "run1") -> list[Instruction]:
        return self.do(ev.SetupGiven(run, self.setup(id=f"rec-{run}")))

    def permit(self, asked: list[Instruction], life_s: float = 30.0) -> list[Instruction]:
        ask = next(one for one in asked if isinstance(one, AskPermit))
        return self.do(ev.PermitGranted(ask.run, ask.fence, ask.version + 1, ask.request, life_s))

    def wrote(self, report: say.MachineReport, run: str = "run1", machine: str = "printer") -> list[Instruction]:
        self.seq += 1
        return self.do(ev.StreamerWrote(machine, "j1", self.seq, run, report))

    def to(self, state: str, run: str = "run1") -> "Mind":
        """Bring a run into this state the ordinary way."""
        steps = ["claimed", "staged", "armed", "permitted", "starting", "running", "finished"]
        asked: list[Instruction] = []
        for step in steps[: steps.index(state) + 1]:
            match step:
                case "claimed":
                    self.offer(run)
                case "staged":
                    self.made(run)
                case "armed":
                    asked = self.arm(run)
                case "permitted":
                    self.permit(asked)
                case "starting":
                    self.wrote(say.Starting(), run)
                case "running":
                    self.wrote(say.Running("heating"), run)
                case "finished":
                    self.wrote(say.Finished(100, 60.0), run)
        return self


def follower(machine: str, version: str = VERSION) -> Follower:
    """Of a shop that has just begun."""
    facts = [MachineFacts(machine, False, ("PLA",), 0.4)]
    journal = MemoryJournal(ShopDisk(), "agt_1", lambda: "epoch1")
    mind = AgentMind(facts, RULES, journal, INVENTORY, "tok")
    return Follower(machine, mind, Now(START, 0.0), version)
