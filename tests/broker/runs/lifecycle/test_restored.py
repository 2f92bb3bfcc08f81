"""Runs of a restored backup: the agents' word makes them what the lost history had made of them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from broker.runs.lifecycle.events import Kind, PieceSkipped, Record, Remarked, Restored, Said
from broker.runs.lifecycle.facts import RunFacts
from broker.runs.lifecycle.handle import handle
from broker.runs.lifecycle.instructions import KeepRemark, Move, Renumber, SetTimer, UseRecord
from broker.wire.states import Actor, RunState
from tests.broker.runs.lifecycle import protocol
from tests.broker.runs.lifecycle.test_state_event import EPOCH, NOW, facts, only_move, outcome, said

_TIMED = ("permitted", *protocol.ON_MACHINE, *protocol.WAITS_FOR_A_PERSON)


def unknown() -> RunFacts:
    return replace(facts("unknown", Actor.BROKER), restored=True, record=None)


@pytest.mark.parametrize("state", protocol.STATES)
def test_what_was_not_permitted_may_have_started_since(state: str) -> None:
    expected = "unknown" if state in ("planned", "offered", *protocol.LEASED) else ""
    assert outcome(facts(state, exit_at=NOW), Restored()) == expected
    if state in _TIMED:
        [timer] = handle(facts(state, exit_at=NOW - timedelta(days=1)), Restored(), NOW)
        assert isinstance(timer, SetTimer)
        assert timer.exit_at > NOW


@pytest.mark.parametrize(("version", "fence"), [(9, 2), (8, 2), (30, 2), (30, 5), (8, 5)])
def test_the_agents_numbers_are_the_runs_from_then_on(version: int, fence: int) -> None:
    told = handle(unknown(), said("starting", version, fence), NOW)
    move = only_move(told)
    assert (move.state, move.version, move.fence) == (RunState.STARTING, max(9, version) + 1, fence)
    assert (Renumber(max(9, version), fence) in told) is ((version > 9) or fence > 2)


@pytest.mark.parametrize(("version", "fence"), [(7, 2), (30, 1)])
def test_older_numbers_are_stale(version: int, fence: int) -> None:
    assert outcome(unknown(), said("starting", version, fence)) == "Stale"


@pytest.mark.parametrize("run", [replace(unknown(), permit_epoch="another"), replace(unknown(), restored=False)])
def test_only_the_journal_of_the_backup_renumbers(run: RunFacts) -> None:
    assert outcome(run, said("starting", 30, 5)) == "Stale"


@pytest.mark.parametrize("kind", ["claimed", "staged", "armed", "lapsed"])
def test_what_was_said_before_the_permit_moves_nothing(kind: str) -> None:
    told = handle(unknown(), said(kind, 12), NOW)
    assert not any(isinstance(one, Move) for one in told)
    assert Renumber(12, 2) in told
    assert (UseRecord("record") in told) is (kind == "armed")


def test_a_record_that_is_known_already_is_not_used_again() -> None:
    again = Said(Kind.ARMED, 12, 2, EPOCH, "", Record("record", "PLA", was_used=True))
    assert handle(unknown(), again, NOW) == (Renumber(12, 2),)


@pytest.mark.parametrize("kind", ["released", "rejected", "not_started"])
def test_what_was_given_back_never_starts(kind: str) -> None:
    move = only_move(handle(unknown(), said(kind, 12), NOW))
    assert (move.state, move.actor) == (RunState.CANCELLED, Actor.AGENT)


def test_what_only_silence_hid_is_no_history_that_was_lost() -> None:
    assert outcome(replace(unknown(), restored=False), said("claimed")) == "IllegalTransition"


def test_a_remark_renumbers_too() -> None:
    skipped = Remarked(12, 2, EPOCH, PieceSkipped("lot", "piece 1"))
    assert handle(unknown(), skipped, NOW) == (Renumber(12, 2), KeepRemark(13))
