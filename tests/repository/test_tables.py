"""The transition table of runs says what the run protocol says."""

import pytest

from broker.wire.states import (
    AFTER_PERMIT,
    BEFORE_PERMIT,
    FINAL,
    LIVE,
    TRANSITIONS,
    Actor,
    IllegalTransition,
    RunState,
    check,
)


def test_final_states_are_left_by_nobody() -> None:
    assert [pair for pair in TRANSITIONS if pair[0] in FINAL] == []


def test_every_live_state_has_a_way_out() -> None:
    assert {before for before, _ in TRANSITIONS} == LIVE


def test_after_the_permit_the_broker_may_only_say_that_it_does_not_know() -> None:
    said = {
        after for (before, after), actors in TRANSITIONS.items() if before in AFTER_PERMIT and Actor.BROKER in actors
    }
    assert said == {RunState.UNKNOWN}


def test_before_the_permit_nothing_physical_can_follow() -> None:
    physical = {RunState.STARTING, RunState.RUNNING, RunState.PAUSED, RunState.FINISHED}
    assert [pair for pair in TRANSITIONS if pair[0] in BEFORE_PERMIT and pair[1] in physical] == []


def test_an_illegal_pair_names_itself() -> None:
    with pytest.raises(IllegalTransition, match="from planned to running on the word of the agent"):
        check(RunState.PLANNED, RunState.RUNNING, Actor.AGENT)
