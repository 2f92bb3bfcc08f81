"""Every event in every phase of a run, legal or not, against the run protocol written out as a table.

A cell says what becomes of the run, what is told of it for good and what is to be carried out: `PHASE!told>does`.
`=` is the phase as it was, `gone` none any more, `-` nothing at all, `x` a refusal to the person that asked.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import pytest

from broker.wire.states import RunState
from shop_agent import translate
from shop_agent.errors import Refused
from shop_agent.state import events as ev
from shop_agent.state import reports as say
from shop_agent.state.instructions import AbandonProgram, Instruction, Tell
from shop_agent.state.records import Count, MachineView, Mode
from tests.shop_agent.core import BOOT, NEEDS, PROGRAM, RULES, Mind

HOUR_S = 3600.0
GOOD = (Count("lot1", 2),)
FEWER = (Count("lot1", 1, (("warp", 1),)),)

PHASES = [
    *("absent", "claimed", "staged", "armed", "permitted", "starting", "running", "paused"),
    *("unknown", "stopped", "faulted", "finished", "accepted", "scrapped"),
]

EVENTS: dict[str, Callable[[Mind], ev.Event]] = {
    # the broker
    "offered": lambda _: offer(1),
    "offered anew": lambda _: offer(2),
    "permit": lambda _: permit(),
    "permit late": lambda mind: later(mind, 29.5, permit()),
    "permit of another request": lambda _: permit(request="tok-9"),
    "permit of another fence": lambda _: permit(fence=0),
    "permit refused": lambda _: ev.PermitDenied("run1", "tok-1", "no"),
    "withdrawn": lambda _: ev.RunWithdrawn("run1", 2, "replanned"),
    "withdrawn before": lambda _: ev.RunWithdrawn("run1", 1, "replanned"),
    "withdrawn, word wanted": lambda _: ev.RunWithdrawn("run1", 2, "restored", 9),
    "stop asked": lambda _: ev.StopAsked("run1", "buyer"),
    "unsettled": lambda _: ev.RunUnsettled(
        "run1", 1, 9, RunState.UNKNOWN, "printer", "PLA", "ab", (("lot1", 2),), "silence"
    ),
    "broker restored": lambda _: ev.BrokerRestored(),
    "connected": lambda _: ev.Connected(),
    "disconnected": lambda _: ev.Disconnected(),
    "lot offered": lambda _: ev.LotOffered("lot2", "cube", "PLA", 2, 500, "EUR"),
    "lot ready": lambda _: ev.LotIsReady("lot1", 2, "Oviedo", ()),
    # the shop's machinery
    "tick": lambda mind: later(mind, 10.0, ev.Ticked()),
    "tick when all has lapsed": lambda mind: later(mind, HOUR_S + 1.0, ev.Ticked()),
    "made": lambda _: ev.ProgramMade("run1", 1, PROGRAM, NEEDS),
    "made for another fence": lambda _: ev.ProgramMade("run1", 9, PROGRAM, NEEDS),
    "not made": lambda _: ev.MakingFailed("run1", 1, "no"),
    "not made for another fence": lambda _: ev.MakingFailed("run1", 9, "no"),
    "seen as before": lambda _: ev.MachineSeen("printer", MachineView(True, BOOT)),
    "seen restarted": lambda _: ev.MachineSeen("printer", MachineView(True, "boot2/0")),
    "machine gone": lambda _: ev.MachineGone("printer", "unplugged"),
    "streamer opened": lambda mind: ev.StreamerOpened("printer", "j1", mind.seq),
    "streamer's journal lost": lambda _: ev.StreamerOpened("printer", "j2", 0),
    "streamer's journal shorter": lambda mind: ev.StreamerOpened("printer", "j1", mind.seq - 1),
    "wrote starting": lambda mind: wrote(mind, say.Starting()),
    "wrote running": lambda mind: wrote(mind, say.Running("heating")),
    "wrote paused": lambda mind: wrote(mind, say.Paused("held")),
    "wrote resumed": lambda mind: wrote(mind, say.Resumed()),
    "wrote finished": lambda mind: wrote(mind, say.Finished(100, 60.0)),
    "wrote faulted": lambda mind: wrote(mind, say.Faulted("jam", 3, True)),
    "wrote stopped": lambda mind: wrote(mind, say.Stopped("asked", 3)),
    "wrote unknown": lambda mind: wrote(mind, say.Unknown("killed")),
    "wrote skipped": lambda mind: wrote(mind, say.ObjectSkipped("cube.stl copy 0", "Ana", "warp")),
    "wrote first layer failed": lambda mind: wrote(mind, say.FirstLayerFailed("Ana", "warp", 3)),
    "wrote again": lambda mind: ev.StreamerWrote("printer", "j1", mind.seq, "run1", say.Faulted("jam", 3, True)),
    "start refused": lambda _: ev.StartRefused("run1", 1, "late"),
    "start refused for another fence": lambda _: ev.StartRefused("run1", 9, "late"),
    "start unclear": lambda _: ev.StartUnclear("run1", 1),
    "start unclear for another fence": lambda _: ev.StartUnclear("run1", 9),
    "agent's journal lost": lambda _: ev.JournalLost("rolled back"),
    "policy broken": lambda _: ev.PolicyBroken("no TOML"),
    "policy read": lambda mind: ev.PolicyRead(RULES, tuple(mind.shop.memory.facts.values())),
    # people
    "set up": lambda mind: ev.SetupGiven("run1", mind.setup(id="rec-new")),
    "attested": lambda _: ev.AttestGiven("run1"),
    "counted": lambda _: ev.CountGiven("run1", "Ana", GOOD, True),
    "settled": lambda _: ev.SettleGiven("run1", "Ana", "looked", ()),
    "corrected": lambda _: ev.CorrectionGiven("run1", "Ana", "one was warped", FEWER),
    "machine cleared": lambda _: ev.MachineCleared("printer"),
    "machine released": lambda _: ev.MachineReleased("printer"),
    "mine now": lambda _: ev.ModeSet("printer", Mode.MINE_NOW),
    "mine after": lambda _: ev.ModeSet("printer", Mode.MINE_AFTER),
    "nothing new": lambda _: ev.ModeSet("printer", Mode.NOTHING_NEW),
    "spool given": lambda _: ev.SpoolGiven("spool1", "PLA", "red", 900.0),
}
ELSEWHERE = {ev.LotAnswered, ev.HandoverGiven, ev.SpoolGone, ev.RunConflicted}
"""No run's; conflicts have a table of their own."""

TABLE = """
offered                    | claimed!claimed>MakeProgram | - | - | - | - | - | - | - | - | - | - | - | - | -
offered anew               | claimed!claimed>MakeProgram | claimed!claimed>MakeProgram | claimed!claimed>MakeProgram \
  | claimed!claimed>MakeProgram | =!rejected | =!rejected | =!rejected | =!rejected | =!rejected | =!rejected \
  | =!rejected | =!rejected | =!rejected | =!rejected
permit                     | gone!not_started | gone!not_started | gone!not_started | permitted>StartRun \
  | - | - | - | - | - | - | - | - | - | -
permit late                | gone!not_started | gone!not_started | gone!not_started | gone!not_started \
  | - | - | - | - | - | - | - | - | - | -
permit of another request  | gone!not_started | gone!not_started | gone!not_started | gone!not_started \
  | - | - | - | - | - | - | - | - | - | -
permit of another fence    | gone!not_started | =!not_started | =!not_started | =!not_started | =!not_started \
  | =!not_started | =!not_started | =!not_started | =!not_started | =!not_started | =!not_started | =!not_started \
  | =!not_started | =!not_started
permit refused             | - | - | - | - | - | - | - | - | - | - | - | - | - | -
withdrawn                  | - | gone | gone | gone | - | - | - | - | - | - | - | - | - | -
withdrawn before           | - | - | - | - | - | - | - | - | - | - | - | - | - | -
withdrawn, word wanted     | gone!not_started | gone!not_started | gone!not_started | gone!not_started \
  | =>ForbidStart | - | - | - | - | - | - | - | - | -
stop asked                 | - | gone!released | gone!released | gone!released | =>ForbidStart | =>CancelRun \
  | =>CancelRun | =>CancelRun | - | - | - | - | - | -
unsettled                  | unknown | unknown | unknown | unknown | unknown | unknown | unknown | unknown | - \
  | unknown | unknown | unknown | =!settled | =!settled
broker restored            | - | - | - | - | =>ForbidStart | - | - | - | - | - | - | - | - | -
connected                  | - | - | - | =>AskPermit | - | - | - | - | - | - | - | - | - | -
disconnected               | - | - | - | - | - | - | - | - | - | - | - | - | - | -
lot offered                | - | - | - | - | - | - | - | - | - | - | - | - | - | -
lot ready                  | - | - | - | - | - | - | - | - | - | - | - | - | - | -
tick                       | - | - | - | =>AskPermit | - | - | - | - | - | - | - | - | - | -
tick when all has lapsed   | - | - | - | staged!lapsed | =>ForbidStart | - | - | - | - | - | - | - | - | -
made                       | - | staged!staged | - | - | - | - | - | - | - | - | - | - | - | -
made for another fence     | - | - | - | - | - | - | - | - | - | - | - | - | - | -
not made                   | - | gone!released | - | - | - | - | - | - | - | - | - | - | - | -
not made for another fence | - | - | - | - | - | - | - | - | - | - | - | - | - | -
seen as before             | - | - | - | - | - | - | - | - | - | - | - | - | - | -
seen restarted             | - | - | - | staged!lapsed | - | - | - | - | - | - | - | - | - | -
machine gone               | - | - | - | staged!lapsed | - | - | - | - | - | - | - | - | - | -
streamer opened            | - | - | - | - | - | - | - | - | - | - | - | - | - | -
streamer's journal lost    | - | - | - | - | unknown!unknown | unknown!unknown | unknown!unknown | unknown!unknown \
  | - | - | - | - | - | -
streamer's journal shorter | - | - | - | - | unknown!unknown | unknown!unknown | unknown!unknown | unknown!unknown \
  | - | - | - | - | - | -
wrote starting             | - | - | - | - | starting!starting | - | - | - | - | - | - | - | - | -
wrote running              | - | - | - | - | - | running!running | - | running!running | - | - | - | - | - | -
wrote paused               | - | - | - | - | - | - | paused!paused | - | - | - | - | - | - | -
wrote resumed              | - | - | - | - | - | running!resumed | - | running!resumed | - | - | - | - | - | -
wrote finished             | - | - | - | - | - | - | finished!finished | - | - | - | - | - | - | -
wrote faulted              | - | - | - | - | - | faulted!faulted | faulted!faulted | faulted!faulted \
  | - | - | - | - | - | -
wrote stopped              | - | - | - | - | - | stopped!stopped | stopped!stopped | stopped!stopped \
  | - | - | - | - | - | -
wrote unknown              | - | - | - | - | unknown!unknown | unknown!unknown | unknown!unknown | unknown!unknown \
  | - | - | - | - | - | -
wrote skipped              | - | - | - | - | - | =!skipped | =!skipped | =!skipped | - | - | - | - | - | -
wrote first layer failed   | - | - | - | - | - | scrapped!faulted,settled | scrapped!faulted,settled \
  | scrapped!faulted,settled | - | - | - | - | - | -
wrote again                | - | - | - | - | - | - | - | - | - | - | - | - | - | -
start refused              | - | - | - | - | gone!not_started | - | - | - | - | - | - | - | - | -
start refused for another fence | - | - | - | - | - | - | - | - | - | - | - | - | - | -
start unclear              | - | - | - | - | =>ForbidStart | - | - | - | - | - | - | - | - | -
start unclear for another fence | - | - | - | - | - | - | - | - | - | - | - | - | - | -
agent's journal lost       | - | - | - | - | - | - | - | - | - | - | - | - | - | -
policy broken              | - | - | - | - | - | - | - | - | - | - | - | - | - | -
policy read                | - | - | - | - | - | - | - | - | - | - | - | - | - | -
set up                     | x | x | armed!armed>AskPermit | x | x | x | x | x | x | x | x | x | x | x
attested                   | - | - | - | - | - | - | - | - | - | - | - | - | - | -
counted                    | x | x | x | x | x | x | x | x | x | x | x | accepted!counted | x | x
settled                    | x | x | x | x | x | x | x | x | scrapped!settled | scrapped!settled | scrapped!settled \
  | x | x | x
corrected                  | x | x | x | x | x | x | x | x | x | x | x | x | =!corrected | =!corrected
machine cleared            | - | - | - | - | - | - | - | - | - | - | - | - | - | -
machine released           | x | x | x | x | x | x | x | x | x | x | x | x | x | -
mine now                   | - | gone!released | gone!released | gone!released | =>ForbidStart | - | - | - | - | - \
  | - | - | - | -
mine after                 | - | gone!released | gone!released | - | - | - | - | - | - | - | - | - | - | -
nothing new                | - | - | - | - | - | - | - | - | - | - | - | - | - | -
spool given                | - | - | - | - | - | - | - | - | - | - | - | - | - | -
"""


def offer(fence: int) -> ev.RunOffered:
    return ev.RunOffered("run1", fence, 2, "printer", "ab", ("lot1",), False, "PLA")


def permit(fence: int = 1, request: str = "tok-1") -> ev.PermitGranted:
    return ev.PermitGranted("run1", fence, 6, request, 30.0)


def later(mind: Mind, seconds: float, event: ev.Event) -> ev.Event:
    mind.at_s += seconds
    return event


def wrote(mind: Mind, report: say.MachineReport) -> ev.StreamerWrote:
    mind.seq += 1
    return ev.StreamerWrote("printer", "j1", mind.seq, "run1", report)


def brought_to(phase: str) -> Mind:
    """The ordinary way."""
    mind = Mind()
    if phase in ("accepted", "finished", "absent"):
        if phase != "absent":
            mind.to("finished")
        if phase == "accepted":
            mind.do(ev.CountGiven("run1", "Ana", GOOD, cleared=True))
    elif phase in ("unknown", "stopped", "faulted", "scrapped", "paused"):
        ends: dict[str, say.MachineReport] = {
            "paused": say.Paused("held"),
            "unknown": say.Unknown("killed"),
            "stopped": say.Stopped("asked", 3),
        }
        mind.to("running").wrote(ends.get(phase, say.Faulted("jam", 3, True)))
        if phase == "scrapped":
            mind.do(ev.SettleGiven("run1", "Ana", "looked", ()))
    else:
        mind.to(phase)
    return mind


def phase_of(mind: Mind) -> str:
    run = mind.shop.memory.runs.get("run1")
    return "absent" if run is None else str(run.phase)


@dataclass(frozen=True)
class Outcome:
    phase: str
    told: str = ""
    does: str = ""
    refused: bool = False


def expected(cell: str, before: str) -> Outcome:
    if cell in ("-", "x"):
        return Outcome(before, refused=cell == "x")
    rest, _, does = cell.partition(">")
    phase, _, told = rest.partition("!")
    return Outcome({"=": before, "gone": "absent"}.get(phase, phase), told, does)


def outcome(mind: Mind, event: ev.Event) -> Outcome:
    known = dict(mind.shop.memory.runs)
    try:
        out = mind.do(event)
    except Refused:
        assert mind.shop.memory.runs == known
        return Outcome(phase_of(mind), refused=True)
    told = [translate.body(one.report).kind for one in out if isinstance(one, Tell) and one.run == "run1"]
    does = [type(one).__name__ for one in out if not isinstance(one, Tell | AbandonProgram)]
    assert_versions(mind, out)
    return Outcome(phase_of(mind), ",".join(told), ",".join(does))


def assert_versions(mind: Mind, out: list[Instruction]) -> None:
    """What is told in one go follows on itself, and the next word of the run on that."""
    versions = [one.version for one in out if isinstance(one, Tell) and one.run == "run1" and one.fence == 1]
    assert versions == list(range(versions[0], versions[0] + len(versions))) if versions else True


def rows(table: str, columns: list[str]) -> list[tuple[str, str, str]]:
    found = []
    for line in table.strip().splitlines():
        name, *cells = (part.strip() for part in line.split("|"))
        assert len(cells) == len(columns), name
        found += [(name, column, cell) for column, cell in zip(columns, cells, strict=True)]
    return found


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_does_what_the_protocol_says(name: str) -> None:
    differing = {}
    for phase, cell in [(phase, cell) for event, phase, cell in rows(TABLE, PHASES) if event == name]:
        mind = brought_to(phase)
        assert phase_of(mind) == phase
        if (found := outcome(mind, EVENTS[name](mind))) != expected(cell, phase):
            differing[phase] = (cell, found)
    assert differing == {}


def test_the_table_leaves_no_event_and_no_phase_out() -> None:
    named = {name for name, _, _ in rows(TABLE, PHASES)}
    assert named == set(EVENTS)
    classes = {type(make(Mind())) for make in EVENTS.values()} | ELSEWHERE
    assert classes == set(ev.Event.__args__)
    phases = {str(phase) for phase in RunState} - {"planned", "offered", "withdrawn", "rejected", "expired"}
    assert set(PHASES) - {"absent"} == phases - {"cancelled", "released"}


# Conflicts: what we said last didn't fit; `state` is what the broker has ------------------------------------

BEFORE, AFTER = ("claimed", "staged", "armed"), ("permitted", "starting", "running", "paused")
UNSURE, DONE = ("unknown", "stopped", "faulted"), ("accepted", "scrapped")
OVER = ("withdrawn", "rejected", "expired", "cancelled", "released")


def settled_by(state: str, phase: str) -> str:
    """What the broker has of a run that has started here: a person's word is final, and it may want one anew."""
    if phase in AFTER or phase == "absent":
        return "-"
    if phase in UNSURE:
        return state if state in DONE else "-"
    if phase == "finished":
        return state if state in UNSURE + DONE else "-"
    return state if state in (*UNSURE, "finished") else "-"


def early(state: str, phase: str) -> str:
    """Of one that has not: either both say the same of it, or it is given up and told so for good."""
    if state == phase:
        return "-"
    if state in ("permitted", "unknown"):
        return "gone!not_started"
    return "gone!released" if state in BEFORE else "gone"


@pytest.mark.parametrize("phase", PHASES)
def test_a_conflict_leaves_both_sides_with_one_story(phase: str) -> None:
    differing = {}
    for state, fence, latest in product(RunState, (1, 2), (True, False)):
        if not latest:
            cell = "-"
        elif phase in BEFORE:
            cell = early(state, phase) if fence == 1 else "gone"
        else:
            cell = settled_by(state, phase)
        mind = brought_to(phase)
        found = outcome(mind, ev.RunConflicted("run1", state, 40, fence, "it does not fit", latest))
        kept = not latest or phase_of(mind) == "absent" or mind.run().version == 40
        if found != expected(cell, phase) or not kept:
            differing[state, fence, latest] = (cell, found)
    assert differing == {}
