"""I3: what differs from the plate is refused, says what to change, and nothing starts."""

from dataclasses import replace

import pytest

from broker.wire.states import RunState
from shop_agent.errors import Refused
from shop_agent.state import events as ev
from shop_agent.state import reports as say
from shop_agent.state.instructions import AskPermit, StartRun
from shop_agent.state.memory import Rules
from shop_agent.state.records import MachineView, PlateNeeds, Setup, ToolLength
from shop_agent.state.tasks import TaskKind, waiting
from tests.shop_agent.core import AT_ROUTER, NEEDS, PROGRAM, Mind


def refused(mind: Mind, setup: Setup, reason: str) -> None:
    """The refusal says why, the task waits on, and nothing has changed or started."""
    before, tasks = dict(mind.shop.memory.runs), waiting(mind.shop.memory)
    mind.shop.take_changed()
    told = len(mind.told)
    with pytest.raises(Refused, match=reason):
        mind.do(ev.SetupGiven("run1", setup))
    changed = mind.shop.take_changed()
    assert not changed.runs | changed.machines | changed.spools
    assert (mind.shop.memory.runs, waiting(mind.shop.memory), len(mind.told)) == (before, tasks, told)
    assert not any(isinstance(one, AskPermit | StartRun) for one in mind.do(ev.Ticked()))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sheet_mm": None}, "measure the sheet"),
        ({"sheet_mm": (580.0, 380.0, 6.0)}, "6 mm thick, the plate needs 3 mm"),
        ({"sheet_mm": (400.0, 380.0, 3.0)}, r"400 × 380 mm, the parts reach to 420 × 120"),
        ({"sheet_mm": (580.0, 100.0, 3.0)}, "the parts reach"),
        ({"clamps_clear": None}, "clamps"),
        ({"clamps_clear": False}, "clamps"),
        ({"extraction_on": False}, "extraction"),
        ({"material": "mdf"}, "mdf is loaded"),
        ({"tool_mm": 6.0}, "6 mm is fitted, the program was made for 3 mm"),
        ({"tool_length": None}, "how the length of the tool"),
        ({"work_zero_mm": None}, "no work zero was read back"),
        ({"work_zero_mm": (-590.0, -390.0, -59.0)}, "the record says"),
        ({"bed_clear": False}, "not clear"),
        ({"boot_id": "boot1/7"}, "homed or zeroed meanwhile"),
        ({"operator": ""}, "operator's name"),
    ],
)
def test_a_router_that_is_set_up_otherwise_is_refused(changes: dict[str, object], reason: str) -> None:
    mind = Mind().router_staged()
    refused(mind, mind.router_setup(**changes), reason)


@pytest.mark.parametrize(
    ("view", "reason"),
    [
        (replace(AT_ROUTER, homed=False, zeroed=False, probed=False), "not homed since it began"),
        (replace(AT_ROUTER, zeroed=False, probed=False), "older than the last homing"),
        (replace(AT_ROUTER, work_offset_mm=None), "no work zero was read back"),
        (replace(AT_ROUTER, ready=False, reason="alarm: home first"), "alarm: home first"),
    ],
)
def test_a_zero_that_was_not_touched_off_after_homing_is_refused(view: MachineView, reason: str) -> None:
    mind = Mind().router_staged(AT_ROUTER)
    mind.do(ev.MachineSeen("router", view))
    refused(mind, mind.router_setup(), reason)


def test_a_probed_tool_was_probed() -> None:
    mind = Mind().router_staged(replace(AT_ROUTER, probed=False))
    refused(mind, mind.router_setup(tool_length=ToolLength.PROBED), "not probed since")
    mind.do(ev.MachineSeen("router", AT_ROUTER))
    out = mind.do(ev.SetupGiven("run1", mind.router_setup(tool_length=ToolLength.PROBED)))
    assert any(isinstance(one, AskPermit) for one in out)


def with_needs(needs: PlateNeeds) -> Mind:
    mind = Mind()
    mind.offer()
    mind.do(ev.ProgramMade("run1", 1, PROGRAM, needs))
    return mind


@pytest.mark.parametrize(
    ("needs", "changes", "reason"),
    [
        (replace(NEEDS, surface="smooth PEI"), {}, "profile is for smooth PEI"),
        (replace(NEEDS, surface="smooth PEI"), {"surface": "textured PEI"}, "textured PEI lies on the bed"),
        (replace(NEEDS, colour="white"), {"colour": "black"}, "black is loaded, the plate needs white"),
        (replace(NEEDS, colour="white"), {}, "no colour is loaded"),
        (replace(NEEDS, tool_mm=0.6), {}, "0.4 mm is fitted, the program was made for 0.6 mm"),
    ],
)
def test_surface_colour_and_nozzle_are_those_of_the_program(
    needs: PlateNeeds, changes: dict[str, object], reason: str
) -> None:
    mind = with_needs(needs)
    refused(mind, mind.setup(**changes), reason)


def test_what_fits_is_armed() -> None:
    mind = with_needs(replace(NEEDS, surface="smooth PEI", colour="white", tool_mm=0.6))
    mind.do(ev.SetupGiven("run1", mind.setup(surface="smooth PEI", colour="white", tool_mm=0.6)))
    assert mind.run().phase is RunState.ARMED


def test_who_set_up_a_router_is_believed_to_be_there_for_one_interval() -> None:
    mind = Mind(Rules(True, 3600.0, frozenset({"PLA", "plywood"}), presence_interval_s=300.0)).router_staged()
    mind.do(ev.SetupGiven("run1", mind.router_setup()))
    mind.at_s = 299.0
    mind.do(ev.Ticked())
    assert mind.run().phase is RunState.ARMED
    mind.at_s = 300.0
    mind.do(ev.Ticked())
    assert mind.run().phase is RunState.STAGED
    assert [task.kind for task in waiting(mind.shop.memory)] == [TaskKind.SETUP]


def test_of_a_setup_that_an_earlier_process_took_nobody_knows_how_long_it_is_ago() -> None:
    earlier = Mind().router_staged()
    earlier.do(ev.SetupGiven("run1", earlier.router_setup()))
    later = Mind()
    later.shop.memory.runs = dict(earlier.shop.memory.runs)
    later.do(ev.MachineSeen("router", AT_ROUTER))
    later.do(ev.Ticked())
    assert later.run().phase is RunState.STAGED
    assert "may have left" in later.run().note


def test_the_start_says_how_long_somebody_is_there() -> None:
    mind = Mind(Rules(True, 3600.0, frozenset({"PLA", "plywood"}), presence_interval_s=300.0)).router_staged()
    asked = mind.do(ev.SetupGiven("run1", mind.router_setup()))
    until_s = mind.now.mono_s + 300.0
    mind.at_s = 20.0
    (start,) = [one for one in mind.permit(asked) if isinstance(one, StartRun)]
    assert start.present_until_s == until_s
    printer = Mind().to("staged")
    (start,) = [one for one in printer.permit(printer.arm()) if isinstance(one, StartRun)]
    assert start.present_until_s is None


def test_nothing_starts_while_the_policy_is_broken() -> None:
    mind = Mind().to("staged")
    mind.do(ev.PolicyBroken("policy.toml: record_life_s: too short"))
    refused(mind, mind.setup(), "the policy can't be read: policy.toml: record_life_s")
    rules = Rules(True, 1200.0, frozenset({"PLA"}))
    mind.do(ev.PolicyRead(rules, tuple(mind.shop.memory.facts.values())))
    asked = mind.arm()
    mind.do(ev.PolicyBroken("gone"))
    assert not any(isinstance(one, StartRun) for one in mind.permit(asked))
    armed = Mind().to("armed")
    armed.do(ev.PolicyRead(rules, tuple(armed.shop.memory.facts.values())))
    armed.at_s = 1201.0
    armed.do(ev.Ticked())
    assert armed.run().phase is RunState.STAGED


def test_a_run_under_way_goes_on_under_the_policy_that_was() -> None:
    mind = Mind().to("running")
    assert mind.do(ev.PolicyBroken("gone")) == []
    mind.wrote(say.Finished(100, 60.0))
    assert mind.run().phase is RunState.FINISHED
