"""Every pair of state and event is legal, or raises; nothing in between."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.runs.lifecycle import (
    RULES,
    RUN_SILENCE,
    Kind,
    RunFacts,
    Said,
    StaleEvent,
    exit_at,
    heed,
    lapse,
)
from broker.wire.states import AFTER_PERMIT, FINAL, LIVE, Actor, IllegalTransition, RunState, check

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def _facts(state: RunState) -> RunFacts:
    return RunFacts(state, 5, 2, unknown_by=Actor.BROKER if state is RunState.UNKNOWN else None)


def _may_follow(state: RunState, kind: Kind) -> bool:
    if kind is Kind.SETTLED:
        return state in (RunState.UNKNOWN, RunState.FAULTED, RunState.STOPPED)
    return state in RULES[kind].before


@pytest.mark.parametrize("kind", Kind)
def test_every_pair_is_legal_or_raises(kind: Kind) -> None:
    for state in RunState:
        if not _may_follow(state, kind):
            with pytest.raises(IllegalTransition):
                heed(_facts(state), Said(kind, 5, 2))
            continue
        before = state
        for step in heed(_facts(state), Said(kind, 5, 2)):
            check(before, step.after, step.actor)
            before = step.after
        assert before is not state


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.sampled_from(Kind), max_size=30),
    st.integers(0, 3),
    st.sampled_from((RunState.OFFERED, RunState.PERMITTED, RunState.RUNNING)),
)
def test_no_word_of_an_agent_leads_back_before_its_permit(kinds: list[Kind], good: int, state: RunState) -> None:
    run = RunFacts(state, 1, 1)
    permitted = state is not RunState.OFFERED
    for kind in kinds:
        try:
            steps = heed(run, Said(kind, run.version, run.fence, good))
        except IllegalTransition:
            continue
        run = RunFacts(steps[-1].after, run.version + len(steps), run.fence, unknown_by=Actor.AGENT)
        assert not permitted or run.state in AFTER_PERMIT | {
            RunState.UNKNOWN,
            RunState.FAULTED,
            RunState.STOPPED,
            RunState.FINISHED,
            RunState.ACCEPTED,
            RunState.SCRAPPED,
            RunState.CANCELLED,
        }


@given(st.sampled_from(sorted(FINAL)), st.sampled_from(Kind))
def test_nothing_leaves_a_final_state(state: RunState, kind: Kind) -> None:
    with pytest.raises(IllegalTransition):
        heed(RunFacts(state, 1, 1), Said(kind, 1, 1))


@pytest.mark.parametrize(("version", "fence"), [(4, 2), (6, 2), (5, 1), (5, 3)])
def test_another_version_or_fence_is_stale(version: int, fence: int) -> None:
    with pytest.raises(StaleEvent):
        heed(RunFacts(RunState.OFFERED, 5, 2), Said(Kind.CLAIMED, version, fence))


def test_silence_is_corrected_by_an_unbroken_journal_in_its_own_numbers() -> None:
    silent = RunFacts(RunState.UNKNOWN, 9, 1, silent_steps=1, unknown_by=Actor.BROKER)
    assert [step.after for step in heed(silent, Said(Kind.FINISHED, 8, 1))] == [RunState.FINISHED]
    assert [step.after for step in heed(silent, Said(Kind.FINISHED, 9, 1))] == [RunState.FINISHED]
    with pytest.raises(StaleEvent):
        heed(silent, Said(Kind.FINISHED, 7, 1))


@pytest.mark.parametrize(
    "run",
    [
        RunFacts(RunState.UNKNOWN, 9, 1, silent_steps=1, unbroken=False, unknown_by=Actor.BROKER),
        RunFacts(RunState.UNKNOWN, 9, 1, unknown_by=Actor.AGENT),
    ],
)
def test_what_a_journal_lost_only_a_person_settles(run: RunFacts) -> None:
    with pytest.raises(IllegalTransition):
        heed(run, Said(Kind.FINISHED, 9, 1))
    assert [step.after for step in heed(run, Said(Kind.SETTLED, 9, 1))] == [RunState.SCRAPPED]


def test_a_settlement_with_good_pieces_is_finished_and_accepted() -> None:
    steps = heed(RunFacts(RunState.FAULTED, 3, 1), Said(Kind.SETTLED, 3, 1, good=2))
    assert [(step.after, step.actor) for step in steps] == [
        (RunState.FINISHED, Actor.PERSON),
        (RunState.ACCEPTED, Actor.PERSON),
    ]


@pytest.mark.parametrize("state", RunState)
def test_every_timer_leads_somewhere_legal_and_never_back_to_the_pool_after_a_permit(state: RunState) -> None:
    after = lapse(state)
    assert (after is None) == (exit_at(state, NOW, None) is None)
    if after is not None:
        check(state, after, Actor.BROKER)
        assert state not in AFTER_PERMIT or after is RunState.UNKNOWN
    assert state in LIVE or after is None


def test_silence_counts_from_the_expected_end() -> None:
    end = NOW + timedelta(hours=5)
    assert exit_at(RunState.RUNNING, NOW, end) == end + RUN_SILENCE
    assert exit_at(RunState.RUNNING, NOW, NOW - timedelta(hours=1)) == NOW + RUN_SILENCE
