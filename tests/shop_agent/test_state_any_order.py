"""Whatever comes, in whatever order: the mind never starts twice, never skips a version, and survives a restart."""

from hypothesis import given, settings
from hypothesis import strategies as st

from broker.wire.states import RunState
from shop_agent.errors import Refused
from shop_agent.state import events as ev
from shop_agent.state import reports as say
from shop_agent.state.instructions import AskPermit, Instruction, StartRun
from shop_agent.state.memory import AFTER_PERMIT, Rules
from shop_agent.state.mode_rules import GIVEN_BACK
from shop_agent.state.records import Count, MachineFacts, MachineView, Mode
from shop_agent.state.spool_rules import in_stock
from tests.shop_agent.core import BOOT, NEEDS, PROGRAM, Mind

RUNS = st.sampled_from(["run1", "run2"])
FENCES = st.integers(1, 3)
STATES = st.sampled_from(list(RunState))
REPORTS: list[say.MachineReport] = [
    say.Starting(),
    say.Running("x"),
    say.Paused("x"),
    say.Resumed(),
    say.Finished(1, 1.0),
    say.Faulted("x", 1, True),
    say.Stopped("x", 1),
    say.Unknown("x"),
    say.ObjectSkipped("cube.stl copy 0", "Ana", "warp"),
    say.ObjectSkipped("cube.stl copy 1", "", ""),
    say.FirstLayerFailed("Ana", "x", 1),
]
COUNTS = (Count("lot1", 2),)
SPOOLS = st.sampled_from(["1", "2"])
ANY_COUNTS = st.sampled_from([(), COUNTS, (Count("lot1", 1),), (Count("lot1", 0, (("warp", 2),)),)])
RULES = Rules(True, 3600.0, frozenset({"PLA"}))
EVENTS = st.one_of(
    st.builds(ev.Connected),
    st.builds(ev.Disconnected),
    st.builds(ev.Ticked, st.booleans()),
    st.builds(
        ev.RunOffered, RUNS, FENCES, st.just(2), st.just("printer"), st.just("ab"), st.just(("lot1",)),
        st.just(False), st.just("PLA"),
    ),
    st.builds(ev.ProgramMade, RUNS, FENCES, st.just(PROGRAM), st.just(NEEDS)),
    st.builds(ev.MakingFailed, RUNS, FENCES, st.just("bad")),
    st.builds(ev.PermitDenied, RUNS, st.sampled_from(["tok-1", "tok-2"]), st.just("no")),
    st.builds(ev.RunWithdrawn, RUNS, FENCES, st.just("replan")),
    st.builds(ev.RunConflicted, RUNS, STATES, st.integers(2, 9), FENCES, st.just("no"), st.booleans()),
    st.builds(ev.StopAsked, RUNS, st.just("buyer")),
    st.builds(ev.StartRefused, RUNS, FENCES, st.just("late")),
    st.builds(ev.StartUnclear, RUNS, FENCES),
    st.builds(ev.MachineSeen, st.just("printer"), st.builds(MachineView, st.booleans(), st.sampled_from([BOOT, "b2"]))),
    st.builds(ev.MachineGone, st.just("printer"), st.just("unplugged")),
    st.builds(ev.StreamerOpened, st.just("printer"), st.sampled_from(["j1", "j2"]), st.integers(0, 20)),
    st.builds(ev.StreamerWrote, st.just("printer"), st.just("j1"), st.integers(1, 20), RUNS, st.sampled_from(REPORTS)),
    st.builds(ev.CountGiven, RUNS, st.just("Ana"), st.just(COUNTS), st.booleans()),
    st.builds(ev.SettleGiven, RUNS, st.just("Ana"), st.just("looked"), ANY_COUNTS, st.booleans()),
    st.builds(ev.CorrectionGiven, RUNS, st.just("Eva"), st.just("again"), ANY_COUNTS),
    st.builds(ev.SpoolGiven, SPOOLS, st.just("PLA"), st.just(""), st.sampled_from([0.5, 1.5, 900.0])),
    st.builds(ev.SpoolGone, SPOOLS),
    st.builds(ev.HandoverGiven, st.just("lot1"), st.just("Ana"), st.just("")),
    st.builds(ev.LotIsReady, st.just("lot1"), st.just(2), st.just("Oviedo"), st.just(())),
    st.builds(ev.PolicyBroken, st.just("no TOML")),
    st.builds(ev.PolicyRead, st.just(RULES), st.just((MachineFacts("printer", False, ("PLA",), 0.4),))),
    st.builds(ev.MachineCleared, st.just("printer")),
    st.builds(ev.MachineReleased, st.just("printer")),
    st.builds(ev.ModeSet, st.just("printer"), st.sampled_from(Mode)),
    *[st.just("next")] * 20,
)  # fmt: skip
USES = AFTER_PERMIT | {RunState.ARMED}
NEXT_REPORT: dict[RunState, say.MachineReport] = {
    RunState.PERMITTED: say.Starting(),
    RunState.STARTING: say.Running("x"),
    RunState.RUNNING: say.Finished(1, 1.0),
}


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(EVENTS, st.integers(0, 20)), max_size=60))
def test_no_order_of_events_starts_a_run_twice(steps: list[tuple[ev.Event | str, int]]) -> None:
    mind = Mind()
    starts: list[tuple[str, int]] = []
    asked: list[AskPermit] = []
    for number, (event, wait_s) in enumerate(steps):
        mind.at_s += wait_s
        out = _step(mind, event, number, asked)
        asked += [one for one in out if isinstance(one, AskPermit)]
        starts += [(one.run, one.fence) for one in out if isinstance(one, StartRun)]
        for one in out:
            if isinstance(one, StartRun):
                assert one.setup.boot_id == mind.shop.memory.views["printer"].boot_id
                assert one.deadline_s > mind.now.mono_s
                assert mind.shop.memory.machines["printer"].mode is not Mode.MINE_NOW
                assert not mind.shop.memory.policy_fault
        assert mind.shop.memory.on("printer", GIVEN_BACK[mind.shop.memory.machines["printer"].mode]) == []
        _spools_and_pieces(mind)
    assert len(starts) == len(set(starts))
    for run in mind.shop.memory.runs.values():
        assert run.fence > mind.shop.memory.tombstones.get(run.id, 0)


def _spools_and_pieces(mind: Mind) -> None:
    """No spool holds less than nothing or feeds two runs; no run counts more pieces than its plate holds."""
    memory = mind.shop.memory
    loaded = [spool for run in memory.runs.values() if run.phase in USES and run.setup for spool in run.setup.spools]
    assert len(loaded) == len(set(loaded))
    assert all(spool.left_g >= 0 for spool in memory.spools.values())
    for run in memory.runs.values():
        assert all(left >= 0 for left in run.left().values())
        assert all(count.total <= run.left()[count.lot] for count in run.counts)


def _step(mind: Mind, event: ev.Event | str, number: int, asked: list[AskPermit]) -> list[Instruction]:
    try:
        return mind.do(event) if not isinstance(event, str) else _next(mind, number, asked)
    except Refused:
        return []


def _next(mind: Mind, number: int, asked: list[AskPermit]) -> list[Instruction]:
    """What would come next for the first run if all went well."""
    memory = mind.shop.memory
    run = memory.runs.get("run1")
    view, machine = memory.views.get("printer"), memory.machines["printer"]
    out: list[Instruction] = []
    if run is None:
        out = mind.offer("run1", memory.tombstones.get("run1", 0) + 1)
    elif run.phase is RunState.CLAIMED:
        out = mind.made("run1", run.fence)
    elif run.phase is RunState.STAGED and view is not None:
        spools = tuple(spool.id for spool in in_stock(memory, "PLA"))
        setup = mind.setup(id=f"rec{number}", boot_id=view.boot_id, spools=spools, stays=True)
        out = mind.do(ev.SetupGiven("run1", setup))
    elif run.phase is RunState.ARMED and asked:
        out = mind.permit(list(asked[-1:]))
    elif run.phase is RunState.FINISHED:
        counts = tuple(Count(lot, left) for lot, left in run.left().items())
        out = mind.do(ev.CountGiven("run1", "Ana", counts, cleared=True))
    elif run.phase in NEXT_REPORT:
        report = NEXT_REPORT[run.phase]
        out = mind.do(ev.StreamerWrote("printer", machine.journal_id, machine.cursor + 1, "run1", report))
    return out
