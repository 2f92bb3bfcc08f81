"""The rules come to the same on every store of rows, and to what they should."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broker.orders.models import LotState
from broker.runs.book import Books
from broker.wire.messages import Availability, Permit, PermitRefused
from broker.wire.states import FINAL, RunState
from broker.workshops.service import JOURNAL_LOST
from tests.broker.databases import Databases, PostgresqlDatabases
from tests.broker.runs.contract.acts import (
    Accept,
    Act,
    Alter,
    Ask,
    Beat,
    Begin,
    Correct,
    Decline,
    Deliver,
    Forge,
    Keep,
    Next,
    Report,
    Resend,
    Say,
    Skip,
    TakeBack,
    Wait,
    play,
)
from tests.broker.runs.contract.made_up import ACTS
from tests.broker.runs.contract.stores import InDatabase, InMemory, Store
from tests.broker.runs.contract.world import Answer, World
from tests.postgresql.server import server

_PROOF = pytest.mark.proof(share=0.0273, group="contract")


@pytest.fixture(scope="module", params=["memory", "database", pytest.param("postgresql", marks=_PROOF)])
def store(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Store]:
    match request.param:
        case "memory":
            yield InMemory()
        case "database":
            yield InDatabase(databases)
        case _:
            with server() as running:
                yield InDatabase(PostgresqlDatabases(running))


class Seen:
    """The answers to some acts, and all that is to be seen after them."""

    def __init__(self, answers: list[object], rows: dict[str, Any]) -> None:
        self.answers = answers
        self.rows = rows

    def run(self, run: str) -> tuple[RunState, int, int]:
        """State, version, fence."""
        found: tuple[RunState, int, int] = next(row[1:4] for row in self.rows["runs"] if row[0] == run)
        return found

    def machine(self, machine: str) -> Availability:
        found: Availability = next(row[1] for row in self.rows["machines"] if row[0] == machine)
        return found

    def lot(self, lot: str) -> tuple[LotState, int, int, int, int]:
        """State, quantity, accepted, good, scrap."""
        found: tuple[LotState, int, int, int, int] = next(row[1:6] for row in self.rows["lots"] if row[0] == lot)
        return found

    @property
    def last(self) -> Any:
        return self.answers[-1]


def seen(store: Store, acts: Sequence[Act]) -> Seen:
    async def whole(books: Books) -> Seen:
        world = await World.opened(books)
        return Seen(await play(world, acts), await world.seen())

    return store.run(whole)


def steps(run: str, number: int) -> list[Act]:
    return [Next(run)] * number


ARMED, RUNNING = 4, 7
"""Steps of `Next`: offered, claimed, staged, armed, permitted, starting, running, finished, accepted."""


def test_a_run_from_plan_to_good_pieces(store: Store) -> None:
    found = seen(store, steps("run1", 9))
    assert found.run("run1") == (RunState.ACCEPTED, 10, 1)
    assert found.lot("lot1") == (LotState.ACCEPTED, 6, 6, 4, 0)
    assert found.machine("m1") is Availability.OCCUPIED
    assert found.last == Answer(acked=8 - 1, conflicts=())


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (Say("run1", "claimed", version=-1), "version 1 is not the run's 2"),
        (Say("run1", "claimed", version=1), "version 3 is not the run's 2"),
        (Say("run1", "claimed", fence=-1), "fence 0 is not the run's 1"),
        (Say("run1", "starting"), "a run can't go from offered to starting on the word of the agent"),
    ],
)
def test_a_stale_or_impossible_event_is_kept_and_changes_nothing(store: Store, wrong: Say, reason: str) -> None:
    found = seen(store, [Next("run1"), wrong])
    [conflict] = found.last.conflicts
    assert (conflict.state, conflict.version, conflict.fence, conflict.reason) == (RunState.OFFERED, 2, 1, reason)
    assert found.last.acked == 1
    assert found.run("run1") == (RunState.OFFERED, 2, 1)
    assert found.rows["inbox"][0][0][1:3] == (False, reason)


def test_another_shops_run_is_none_of_its_business(store: Store) -> None:
    found = seen(store, [Next("run1"), Say("run1", "claimed", agent="a2")])
    assert found.last == Answer(acked=1)
    assert found.run("run1") == (RunState.OFFERED, 2, 1)


def test_a_duplicate_is_acknowledged_again_and_applied_once(store: Store) -> None:
    found = seen(store, [*steps("run1", 3), Resend("a1"), Resend("a1")])
    assert found.answers[-2:] == [Answer(acked=2)] * 2
    assert found.run("run1") == (RunState.STAGED, 4, 1)


def test_a_gap_is_parked_until_it_is_filled(store: Store) -> None:
    found = seen(store, [Next("run1"), Keep("a1"), Next("run1"), Resend("a1")])
    assert found.answers[2:] == [Answer(acked=0), Answer(acked=2)]
    assert found.run("run1") == (RunState.CLAIMED, 3, 1)
    assert found.machine("m1") is Availability.OWN_WORK


def test_another_content_under_a_known_number_is_a_rollback(store: Store) -> None:
    found = seen(store, [*steps("run1", 3), Alter("a1"), Next("run1")])
    assert found.answers[3].refused.startswith("RolledBack")  # type: ignore[attr-defined]
    assert found.run("run1") == (RunState.ARMED, 5, 1)


def test_a_forged_event_leaves_nothing(store: Store) -> None:
    found = seen(store, [Next("run1"), Forge("a1")])
    assert found.last.refused.startswith("Forged")
    assert found.machine("m1") is Availability.FREE
    assert found.rows["inbox"][0] == [None]


def test_a_new_epoch_doubts_what_has_started_and_frees_what_has_not(store: Store) -> None:
    found = seen(store, [*steps("run1", RUNNING), *steps("run3", ARMED - 1), Begin("a1", 2), Say("run1", "finished")])
    assert found.run("run1") == (RunState.UNKNOWN, 9, 1)
    assert found.run("run3") == (RunState.RELEASED, 6, 2)
    assert [found.machine(machine) for machine in ("m1", "m2", "m3")] == [
        Availability.QUARANTINED, Availability.QUARANTINED, Availability.FREE,
    ]  # fmt: skip
    assert found.rows["at_rest"] == dict.fromkeys(("m1", "m2"), Availability.QUARANTINED)
    assert found.rows["machines"][0][2] == JOURNAL_LOST
    assert found.last.conflicts[0].state is RunState.UNKNOWN


def test_an_epoch_that_was_is_over(store: Store) -> None:
    found = seen(store, [*steps("run1", 3), Begin("a1", 2), Begin("a1", 1)])
    assert "is over" in found.last.refused


def test_a_heartbeat_does_not_lift_the_quarantine_of_a_lost_journal(store: Store) -> None:
    found = seen(store, [*steps("run1", RUNNING), Begin("a1", 2), Beat("a1")])
    assert found.machine("m1") is Availability.QUARANTINED


@pytest.mark.parametrize(("good", "reason"), [(5, "add up to 5"), (0, "")])
def test_counts_add_up_to_the_plate(store: Store, good: int, reason: str) -> None:
    found = seen(store, [*steps("run1", 8), Say("run1", "counted", good=good)])
    if reason:
        assert reason in found.last.conflicts[0].reason
        assert found.run("run1")[0] is RunState.FINISHED
        assert found.lot("lot1") == (LotState.ACCEPTED, 6, 6, 0, 0)
    else:
        assert found.run("run1")[0] is RunState.ACCEPTED
        assert found.lot("lot1") == (LotState.ACCEPTED, 2, 6, 0, 4)


@pytest.mark.parametrize(("good", "state", "quantity"), [(3, RunState.ACCEPTED, 5), (0, RunState.SCRAPPED, 2)])
def test_a_person_settles_what_faulted(store: Store, good: int, state: RunState, quantity: int) -> None:
    found = seen(store, [*steps("run1", RUNNING), Say("run1", "faulted"), Say("run1", "settled", good=good)])
    assert found.run("run1")[0] is state
    assert found.lot("lot1") == (LotState.ACCEPTED, quantity, 6, good, 4 - good)
    assert found.machine("m1") is Availability.QUARANTINED


@pytest.mark.parametrize("record", ["wrong", "dirty"])
def test_a_record_that_does_not_fit_the_plate_arms_nothing(store: Store, record: str) -> None:
    found = seen(store, [*steps("run1", 3), Say("run1", "armed", record=record)])
    assert found.run("run1") == (RunState.STAGED, 4, 1)
    assert found.last.conflicts[0].state is RunState.STAGED


def test_a_record_is_used_once_by_whichever_run(store: Store) -> None:
    used = [*steps("run1", ARMED), Say("run1", "lapsed"), Say("run1", "armed"), Say("run1", "armed", record="second")]
    again = seen(store, [*used, Say("run1", "lapsed"), Say("run1", "armed")])
    assert again.answers[5].conflicts[0].reason == "setup record record-run1 was used before"  # type: ignore[attr-defined]
    assert again.last.conflicts[0].reason == "setup record record-run1 was used before"
    assert again.run("run1")[0] is RunState.STAGED


def test_a_permit_is_given_once_a_request(store: Store) -> None:
    asked = [Ask("run1", "r1"), Ask("run1", "r1"), Ask("run1", "r2"), Ask("run1", "r1", fence=1)]
    found = seen(store, [*steps("run1", ARMED), *asked])
    first, again, *others = found.answers[ARMED:]
    assert isinstance(first, Permit)
    assert (again, first.version, first.fence) == (first, 6, 1)
    assert all(isinstance(other, PermitRefused) for other in others)
    assert found.run("run1") == (RunState.PERMITTED, 6, 1)


@pytest.mark.parametrize("ask", [Ask("run1", "r", version=-1), Ask("run1", "r", fence=1), Ask("run1", "r", "other")])
def test_a_permit_needs_the_runs_fence_version_and_record(store: Store, ask: Ask) -> None:
    found = seen(store, [*steps("run1", ARMED), ask])
    assert isinstance(found.last, PermitRefused)
    assert found.run("run1") == (RunState.ARMED, 5, 1)


@pytest.mark.parametrize(
    ("number", "minutes", "state", "fence"),
    [
        (1, 1.9, RunState.OFFERED, 1),
        (1, 2.0, RunState.EXPIRED, 2),
        (2, 10.0, RunState.RELEASED, 2),
        (3, 10.0, RunState.RELEASED, 2),
        (4, 10.0, RunState.RELEASED, 2),
        (5, 1.4, RunState.PERMITTED, 1),
        (5, 1.5, RunState.UNKNOWN, 1),
        (6, 39.9, RunState.STARTING, 1),
        (6, 40.0, RunState.UNKNOWN, 1),
        (7, 40.0, RunState.UNKNOWN, 1),
        (8, 10_000.0, RunState.FINISHED, 1),
    ],
)
def test_what_silence_makes_of_a_run(store: Store, number: int, minutes: float, state: RunState, fence: int) -> None:
    found = seen(store, [*steps("run1", number), Wait(minutes)])
    assert found.run("run1")[0] is state
    assert found.run("run1")[2] == fence


def test_a_lease_lives_on_heartbeats_that_name_it(store: Store) -> None:
    held: list[Act] = [Wait(9), Beat("a1", ("run1",)), Wait(9), Beat("a1"), Wait(1)]
    found = seen(store, [*steps("run1", 2), *held])
    assert [found.answers[index] for index in (2, 4, 6)] == [2, 0, 1], "the other machines' offers expire"
    assert found.run("run1") == (RunState.RELEASED, 4, 2)


def test_a_lease_that_was_lost_is_told(store: Store) -> None:
    found = seen(store, [*steps("run1", 2), Wait(10), Beat("a1", ("run1", "run4"))])
    _, lost = found.last
    assert [(frame.run, frame.fence) for frame in lost] == [("run1", 2)]


def test_silence_after_the_permit_is_corrected_by_the_journal(store: Store) -> None:
    silent = [*steps("run1", RUNNING), Wait(40)]
    found = seen(store, [*silent, Say("run1", "finished", version=-1), Say("run1", "counted", version=-1, good=4)])
    assert found.run("run1") == (RunState.ACCEPTED, 11, 1)


def test_progress_keeps_a_run_from_silence(store: Store) -> None:
    found = seen(store, [*steps("run1", RUNNING), Wait(30), Report("run1", 500), Wait(29)])
    assert found.run("run1")[0] is RunState.RUNNING
    assert found.rows["runs"][0][5:7] == (500, 1000)


def test_a_skipped_piece_is_scrap_at_once_and_the_others_are_counted(store: Store) -> None:
    under_way = [*steps("run1", RUNNING), Skip("run1", "piece 1"), Skip("run1", "piece 1")]
    found = seen(store, under_way)
    assert found.last.conflicts[0].reason == "piece 1 was skipped before"
    assert found.run("run1") == (RunState.RUNNING, 9, 1)
    assert found.lot("lot1") == (LotState.ACCEPTED, 5, 6, 0, 1)
    found = seen(store, [*under_way, Say("run1", "finished"), Say("run1", "counted", good=4), Next("run1")])
    assert "holds 3 pieces" in found.answers[-2].conflicts[0].reason  # type: ignore[attr-defined]


def test_a_count_is_put_right(store: Store) -> None:
    found = seen(store, [*steps("run1", 9), Correct("run1", 1), Correct("run1", 1)])
    assert found.lot("lot1") == (LotState.ACCEPTED, 3, 6, 1, 3)
    assert found.last.conflicts[0].reason == "these are the counts as they are"
    assert found.run("run1") == (RunState.ACCEPTED, 11, 1)


def test_what_was_not_claimed_is_taken_back(store: Store) -> None:
    found = seen(store, [Next("run1"), TakeBack("m1")])
    assert found.last == 2
    assert found.run("run1") == (RunState.WITHDRAWN, 3, 2)
    assert found.run("run2") == (RunState.WITHDRAWN, 2, 1)
    assert found.lot("lot1") == (LotState.WITHDRAWN, 0, 6, 0, 0)


def test_a_declined_lot_keeps_what_was_claimed(store: Store) -> None:
    found = seen(store, [*steps("run1", 2), Decline("lot1")])
    assert [found.run(run)[0] for run in ("run1", "run2")] == [RunState.CLAIMED, RunState.WITHDRAWN]
    assert found.lot("lot1") == (LotState.ACCEPTED, 4, 4, 0, 0)


def test_a_lot_that_has_gone_has_gone_whatever_it_lacks(store: Store) -> None:
    made = [*steps("run4", 9), *steps("run1", 9), Beat("a1")]
    found = seen(store, [*made, Deliver("lot1"), Deliver("lot1"), Accept("lot1", 1)])
    assert found.lot("lot1")[:3] == (LotState.DELIVERED, 4, 6)
    assert found.run("run2")[0] is RunState.WITHDRAWN
    reasons = [row[2] for row in found.rows["inbox"][0] if row and not row[1]]
    assert reasons == ["lot lot1 was delivered before"] * 2


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(ACTS, max_size=60))
def test_runs_only_go_forward_whatever_happens(acts: list[Act]) -> None:
    found = seen(InMemory(), acts)
    for run, passed in found.rows["steps"].items():
        versions = [version for version, *_ in passed]
        assert versions == sorted(set(versions)), run
        assert versions[-1] <= found.run(run)[1]
        assert [state for _, state, *_ in passed if state in FINAL] == [
            state for _, state, *_ in passed[-1:] if state in FINAL
        ]
        assert passed[-1][1] == found.run(run)[0]


@settings(deadline=None, max_examples=150)
@given(acts=st.lists(ACTS, max_size=40))
def test_an_event_that_is_not_applied_leaves_no_trace(acts: list[Act]) -> None:
    """Most events have no savepoint: they have to decide before they write."""

    async def whole(books: Books) -> None:
        world = await World.opened(books)
        for act in acts:
            before = await world.seen()
            answer = await act.play(world)
            if isinstance(act, Say | Skip | Correct) and isinstance(answer, Answer) and answer.conflicts:
                after = await world.seen()
                kept = ("runs", "steps", "lots", "machines")
                assert {name: after[name] for name in kept} == {name: before[name] for name in kept}

    InMemory().run(whole)


@settings(deadline=None, max_examples=15)
@given(acts=st.lists(ACTS, max_size=40))
def test_whatever_happens_comes_to_the_same_in_memory_and_in_the_database(
    databases: Databases, acts: list[Act]
) -> None:
    ours, theirs = seen(InMemory(), acts), seen(InDatabase(databases), acts)
    assert ours.answers == theirs.answers
    assert ours.rows == theirs.rows


@pytest.fixture(scope="module")
def postgresql() -> Iterator[Databases]:
    with server() as running:
        yield PostgresqlDatabases(running)


@_PROOF
@settings(deadline=None, max_examples=40)
@given(acts=st.lists(ACTS, max_size=60))
def test_whatever_happens_comes_to_the_same_in_memory_and_in_postgresql(postgresql: Databases, acts: list[Act]) -> None:
    ours, theirs = seen(InMemory(), acts), seen(InDatabase(postgresql), acts)
    assert ours.answers == theirs.answers
    assert ours.rows == theirs.rows
