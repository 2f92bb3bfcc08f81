"""Every pair of state and event: what follows, or that nothing does."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from broker.runs.lifecycle.errors import Stale, Unfit
from broker.runs.lifecycle.events import (
    Counts,
    Done,
    Event,
    Heard,
    JournalLost,
    Kind,
    Offer,
    PermitAsked,
    Pieces,
    PieceSkipped,
    Program,
    Progressed,
    Record,
    Remarked,
    Said,
    StopAsked,
    TakeBack,
    TimeIsUp,
)
from broker.runs.lifecycle.facts import PlateFacts, RunFacts
from broker.runs.lifecycle.handle import NOT_HEEDED, handle
from broker.runs.lifecycle.instructions import (
    AddCounts,
    CallPerson,
    Grant,
    Instruction,
    KeepPermit,
    KeepProgram,
    KeepProgress,
    KeepRemark,
    KeepStop,
    Move,
    Refuse,
    SetMachine,
    SetTimer,
    TryAgain,
    UseRecord,
)
from broker.wire.availability import Availability
from broker.wire.states import Actor, IllegalTransition, RunState
from tests.broker.runs.lifecycle import protocol

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
EPOCH = "epoch"
PLATE = PlateFacts("PLA", prints=True, pieces={"lot": 4})
KINDS = tuple(kind.value for kind in Kind)
TOLD: dict[str, Program | Record | Done | Counts] = {
    "staged": Program(1000, 600.0),
    "armed": Record("record", "PLA"),
    "finished": Done(1000),
    "stopped": Done(20),
    "faulted": Done(10),
    "counted": Counts("eva", (Pieces("lot", 3, 1),)),
    "settled": Counts("eva", (Pieces("lot", 0, 2),), whole=False),
}


def facts(state: str, moved_by: Actor = Actor.AGENT, exit_at: datetime | None = None) -> RunFacts:
    return RunFacts(
        state=RunState(state),
        version=9,
        fence=2,
        moved_by=moved_by,
        silent_steps=1,
        exit_at=exit_at,
        expected=HOUR,
        record="record",
        permit_request="request",
        permit_epoch=EPOCH,
        lines_done=5,
        lines_total=1000,
        plate=PLATE,
    )


def said(kind: str, version: int = 9, fence: int = 2, epoch: str = EPOCH) -> Said:
    return Said(Kind(kind), version, fence, epoch, "why", TOLD.get(kind))


def outcome(run: RunFacts, event: Event) -> str:
    """The state that follows, or the name of what was raised, or "" where nothing moves."""
    try:
        instructions = handle(run, event, NOW)
    except NOT_HEEDED as error:
        return type(error).__name__
    moves = [one for one in instructions if isinstance(one, Move)]
    return moves[-1].state.value if moves else ""


def only_move(instructions: tuple[Instruction, ...]) -> Move:
    [move] = [one for one in instructions if isinstance(one, Move)]
    return move


def test_the_document_knows_the_states_and_kinds_of_the_code() -> None:
    assert sorted(protocol.STATES) == sorted(RunState)
    assert {kind for kinds in protocol.SAID.values() for kind in kinds} == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("state", protocol.STATES)
def test_what_an_agent_says(state: str, kind: str) -> None:
    """An unknown that the agent itself told: its own journal can't take that back."""
    after = protocol.SAID.get(state, {}).get(kind)
    assert outcome(facts(state), said(kind)) == (after or "IllegalTransition")
    if after is None:
        return
    move = only_move(handle(facts(state), said(kind), NOW))
    assert move.version == 10
    assert move.fence == (3 if after in protocol.RAISES_FENCE else 2)
    assert move.actor is (Actor.PERSON if kind in protocol.BY_A_PERSON else Actor.AGENT)
    assert move.silent_steps == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("state", protocol.STATES)
def test_another_fence_or_version_changes_nothing(state: str, kind: str) -> None:
    for version, fence in ((9, 1), (9, 3), (10, 2), (7, 2), (10, 3), (8, 1), (0, 0)):
        assert outcome(facts(state), said(kind, version, fence)) == "Stale"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("state", protocol.STATES)
def test_the_agent_need_not_count_what_the_broker_did_in_silence(state: str, kind: str) -> None:
    assert outcome(facts(state), said(kind, version=8)) == outcome(facts(state), said(kind))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("epoch", [EPOCH, "another"])
@pytest.mark.parametrize("moved_by", [Actor.BROKER, Actor.AGENT])
def test_who_corrects_an_unknown(kind: str, epoch: str, moved_by: Actor) -> None:
    """The broker's, for silence: the journal that got the permit. Any: a person."""
    table = {"settled": "scrapped"}
    if moved_by is Actor.BROKER and epoch == EPOCH:
        table |= protocol.CORRECTED
    for version in (8, 9):
        expected = table.get(kind, "IllegalTransition")
        assert outcome(facts("unknown", moved_by), said(kind, version, epoch=epoch)) == expected


def test_an_agent_that_does_not_know_either_cannot_take_it_back() -> None:
    move = only_move(handle(facts("unknown", Actor.BROKER), said("unknown"), NOW))
    assert (move.state, move.actor, move.version) == (RunState.UNKNOWN, Actor.AGENT, 10)


def test_no_journal_corrects_a_run_that_never_had_a_permit() -> None:
    run = RunFacts(RunState.UNKNOWN, 9, 2, moved_by=Actor.BROKER)
    assert outcome(run, Said(Kind.FINISHED, 9, 2, EPOCH)) == "IllegalTransition"


@pytest.mark.parametrize("kind", KINDS)
def test_what_an_event_says_of_the_machine(kind: str) -> None:
    state = next(state for state, kinds in protocol.SAID.items() if kind in kinds)
    told = [one for one in handle(facts(state), said(kind), NOW) if isinstance(one, SetMachine)]
    expected = protocol.MACHINE.get(kind)
    assert [machine.availability.value for machine in told] == ([expected] if expected else [])


@pytest.mark.parametrize("state", ["unknown", "stopped", "faulted"])
def test_a_settlement_with_good_pieces_is_finished_and_accepted(state: str) -> None:
    told = Counts("eva", (Pieces("lot", 2, 1),), whole=False)
    settled = handle(facts(state), Said(Kind.SETTLED, 9, 2, "another", "eva: looked", told), NOW)
    finished, accepted, counted = settled
    assert isinstance(finished, Move)
    assert isinstance(accepted, Move)
    assert [(one.state, one.actor, one.version, one.fence) for one in (finished, accepted)] == [
        (RunState.FINISHED, Actor.PERSON, 10, 2),
        (RunState.ACCEPTED, Actor.PERSON, 11, 2),
    ]
    assert (accepted.exit_at, counted) == (None, AddCounts())


@pytest.mark.parametrize(
    ("kind", "state", "kept"),
    [
        ("staged", "claimed", KeepProgram(1000, 600.0)),
        ("armed", "staged", UseRecord("record")),
        ("finished", "running", KeepProgress(1000, 1000)),
        ("stopped", "paused", KeepProgress(20, 1000)),
        ("faulted", "starting", KeepProgress(10, 1000)),
        ("counted", "finished", AddCounts()),
        ("settled", "faulted", AddCounts()),
    ],
)
def test_what_is_kept_of_an_event(kind: str, state: str, kept: Instruction) -> None:
    assert kept in handle(facts(state), said(kind), NOW)


# Content -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "prints", "reason"),
    [
        (Record("r", "PLA", was_used=True), True, "used before"),
        (Record("r", "ABS"), True, "needs PLA; loaded is ABS"),
        (Record("r", "PLA", bed_clear=False), True, "bed is clear"),
        (Record("r", "PLA", bed_clear=False, clamps_clear=True), False, "extraction"),
        (Record("r", "PLA", bed_clear=False, extraction_on=True), False, "clamps"),
    ],
)
def test_a_setup_record_says_what_the_plate_asks_for(record: Record, prints: bool, reason: str) -> None:
    run = RunFacts(RunState.STAGED, 9, 2, plate=PlateFacts("PLA", prints=prints))
    with pytest.raises(Unfit, match=reason):
        handle(run, Said(Kind.ARMED, 9, 2, EPOCH, told=record), NOW)


def test_a_router_needs_no_clear_bed() -> None:
    run = RunFacts(RunState.STAGED, 9, 2, plate=PlateFacts("plywood", prints=False))
    record = Record("r", "plywood", bed_clear=False, clamps_clear=True, extraction_on=True)
    assert outcome(run, Said(Kind.ARMED, 9, 2, EPOCH, told=record)) == "armed"


@pytest.mark.parametrize(
    ("kind", "lots", "fits"),
    [
        ("counted", (("lot", 4, 0),), True),
        ("counted", (("lot", 0, 4),), True),
        ("counted", (("lot", 3, 0),), False),
        ("counted", (("lot", 4, 1),), False),
        ("counted", (), False),
        ("counted", (("lot", 4, 0), ("lot", 0, 0)), False),
        ("counted", (("lot", 4, 0), ("other", 0, 0)), False),
        ("settled", (), True),
        ("settled", (("lot", 1, 0),), True),
        ("settled", (("lot", 3, 2),), False),
        ("settled", (("other", 1, 0),), False),
    ],
)
def test_counts_add_up_to_the_plate(kind: str, lots: tuple[tuple[str, int, int], ...], fits: bool) -> None:
    told = Counts("eva", tuple(Pieces(*lot) for lot in lots), whole=kind == "counted")
    run = facts("finished" if kind == "counted" else "faulted")
    assert (outcome(run, Said(Kind(kind), 9, 2, EPOCH, told=told)) != "Unfit") is fits


def test_somebody_has_counted() -> None:
    with pytest.raises(Unfit, match="operator"):
        handle(facts("finished"), Said(Kind.COUNTED, 9, 2, EPOCH, told=Counts(" ", (Pieces("lot", 4, 0),))), NOW)


# Remarks -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", protocol.STATES)
def test_a_piece_is_skipped_while_the_run_is_under_way(state: str) -> None:
    skipped = Remarked(9, 2, EPOCH, PieceSkipped("lot", "piece 1"))
    if state in protocol.ON_MACHINE:
        assert handle(facts(state), skipped, NOW) == (KeepRemark(10),)
    else:
        assert outcome(facts(state), skipped) == "Unfit"


@pytest.mark.parametrize("state", protocol.STATES)
def test_a_count_is_put_right_once_there_is_one(state: str) -> None:
    corrected = Remarked(9, 2, "any", TOLD["counted"])  # type: ignore[arg-type]
    if state in ("accepted", "scrapped"):
        assert handle(facts(state), corrected, NOW) == (KeepRemark(10),)
    else:
        assert outcome(facts(state), corrected) == "Unfit"


def test_a_remark_may_correct_the_brokers_silence_if_its_journal_may() -> None:
    told = PieceSkipped("lot", "piece 1")
    assert handle(facts("unknown", Actor.BROKER), Remarked(8, 2, EPOCH, told), NOW) == (KeepRemark(10),)
    assert outcome(facts("unknown", Actor.BROKER), Remarked(9, 2, "another", told)) == "Unfit"


@pytest.mark.parametrize(("version", "fence"), [(9, 1), (10, 2), (7, 2)])
def test_a_stale_remark_changes_nothing(version: int, fence: int) -> None:
    told = PieceSkipped("lot", "piece 1")
    assert outcome(facts("running"), Remarked(version, fence, EPOCH, told)) == "Stale"


@pytest.mark.parametrize(("lot", "name"), [("other", "piece 1"), ("lot", "gone")])
def test_only_a_piece_that_is_there_is_skipped(lot: str, name: str) -> None:
    run = replace(facts("running"), plate=PlateFacts(pieces={"lot": 1}, skipped=frozenset({"gone"})))
    assert outcome(run, Remarked(9, 2, EPOCH, PieceSkipped(lot, name))) == "Unfit"


def test_a_failed_first_layer_leaves_the_machine_in_order_and_is_tried_again() -> None:
    fault = replace(said("faulted"), first_layer=True)
    assert SetMachine(Availability.OCCUPIED, "why") in handle(facts("running"), fault, NOW)
    settled = replace(said("settled"), first_layer=True)
    assert handle(facts("faulted"), settled, NOW)[1:] == (TryAgain(), AddCounts())
    assert TryAgain() not in handle(replace(facts("faulted"), restored=True), settled, NOW)
    good = replace(settled, told=Counts("eva", (Pieces("lot", 1, 0),), whole=False))
    assert TryAgain() not in handle(facts("faulted"), good, NOW)


# Permits -------------------------------------------------------------------------------------------


def asked(**changes: object) -> PermitAsked:
    usual: dict[str, object] = {"request": "new", "record": "record", "version": 9, "fence": 2, "epoch": EPOCH}
    return PermitAsked(**(usual | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("state", protocol.STATES)
def test_a_permit_is_for_an_armed_run(state: str) -> None:
    answer = handle(facts(state), asked(), NOW)
    if state != "armed":
        assert answer == (Refuse(f"the run is {state}, not armed"),)
        return
    move, kept, granted = answer
    assert isinstance(move, Move)
    assert (move.state, move.actor, move.version, move.fence) == (RunState.PERMITTED, Actor.BROKER, 10, 2)
    assert (kept, granted) == (KeepPermit("new", EPOCH), Grant(10, 2))


@pytest.mark.parametrize("wrong", [{"version": 8}, {"version": 10}, {"fence": 1}, {"fence": 3}, {"record": "another"}])
def test_a_stale_request_gets_none(wrong: dict[str, object]) -> None:
    [refused] = handle(facts("armed"), asked(**wrong), NOW)
    assert isinstance(refused, Refuse)


@pytest.mark.parametrize("state", protocol.STATES)
def test_the_same_request_gets_the_same_permit_while_it_may_be_unused(state: str) -> None:
    again = handle(facts(state), asked(request="request", version=8), NOW)
    assert (again == (Grant(9, 2),)) is (state == "permitted")


@pytest.mark.parametrize("wrong", [{"request": "other"}, {"epoch": "another"}, {"fence": 1}])
def test_another_request_for_a_permitted_run_gets_none(wrong: dict[str, object]) -> None:
    [refused] = handle(facts("permitted"), asked(**({"request": "request"} | wrong)), NOW)
    assert isinstance(refused, Refuse)


# Time ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", protocol.STATES)
def test_what_silence_makes_of_a_run(state: str) -> None:
    due = facts(state, exit_at=NOW)
    after = protocol.LAPSES.get(state)
    assert outcome(due, TimeIsUp()) == (after or "")
    assert handle(facts(state, exit_at=NOW + timedelta(seconds=1)), TimeIsUp(), NOW) == ()
    if after is not None:
        move = only_move(handle(due, TimeIsUp(), NOW))
        assert move.actor is Actor.BROKER
        assert move.fence == (3 if after in protocol.RAISES_FENCE else 2)
        assert move.silent_steps == (2 if after == "unknown" else 1)
    called = [one for one in handle(due, TimeIsUp(), NOW) if isinstance(one, CallPerson | SetTimer)]
    assert bool(called) is (state in protocol.WAITS_FOR_A_PERSON)


@pytest.mark.parametrize("state", protocol.WAITS_FOR_A_PERSON)
def test_a_person_is_called_again(state: str) -> None:
    timer, called = handle(facts(state, exit_at=NOW - HOUR), TimeIsUp(), NOW)
    assert timer == SetTimer(NOW + timedelta(minutes=30))
    assert isinstance(called, CallPerson)


@pytest.mark.parametrize("before", protocol.SAID)
def test_every_state_but_the_last_begins_with_a_timer(before: str) -> None:
    for kind, after in protocol.SAID[before].items():
        move = only_move(handle(facts(before), said(kind), NOW))
        if after in protocol.FINAL:
            assert move.exit_at is None
        elif after in protocol.ON_MACHINE:
            assert move.exit_at == NOW + HOUR + timedelta(minutes=30)
        else:
            assert move.exit_at == NOW + protocol.LIFE[after]


def test_an_offer_and_a_permit_begin_with_their_timers() -> None:
    assert only_move(handle(facts("planned"), Offer(), NOW)).exit_at == NOW + protocol.LIFE["offered"]
    assert only_move(handle(facts("armed"), asked(), NOW)).exit_at == NOW + protocol.LIFE["permitted"]


def test_the_expected_end_stays_while_it_is_on_the_machine() -> None:
    due = NOW + timedelta(hours=5)
    assert only_move(handle(facts("starting", exit_at=due), said("running"), NOW)).exit_at == due
    late = NOW - timedelta(hours=5)
    assert only_move(handle(facts("running", exit_at=late), said("paused"), NOW)).exit_at == NOW + HOUR / 2


@pytest.mark.parametrize("leased", [True, False])
@pytest.mark.parametrize("state", protocol.STATES)
def test_a_heartbeat_keeps_leases_and_runs_on_machines(state: str, leased: bool) -> None:
    soon = NOW + timedelta(seconds=1)
    heard = handle(facts(state, exit_at=soon), Heard(leased=leased), NOW)
    if state in protocol.ON_MACHINE:
        assert heard == (SetTimer(NOW + timedelta(minutes=30)),)
    else:
        keeps = state in protocol.LEASED and leased
        assert heard == ((SetTimer(NOW + timedelta(minutes=10)),) if keeps else ())


def test_a_heartbeat_shortens_nothing() -> None:
    late = NOW + timedelta(hours=5)
    assert handle(facts("running", exit_at=late), Heard(leased=False), NOW) == (SetTimer(late),)


@pytest.mark.parametrize("state", protocol.STATES)
def test_progress_counts_on_a_machine_only_and_never_back(state: str) -> None:
    further = handle(facts(state), Progressed(700, 1000), NOW)
    back = handle(facts(state), Progressed(2, 1000), NOW)
    beyond = handle(facts(state), Progressed(2000, 1000), NOW)
    if state not in protocol.ON_MACHINE:
        assert further == back == beyond == ()
    else:
        assert [found[0] for found in (further, back, beyond)] == [
            KeepProgress(700, 1000), KeepProgress(5, 1000), KeepProgress(1000, 1000),
        ]  # fmt: skip


# The broker's own ----------------------------------------------------------------------------------


@pytest.mark.parametrize("state", protocol.STATES)
def test_a_lost_journal(state: str) -> None:
    assert outcome(facts(state), JournalLost()) == protocol.LOST.get(state, "")


@pytest.mark.parametrize("state", protocol.STATES)
def test_only_what_is_planned_is_offered(state: str) -> None:
    assert outcome(facts(state), Offer()) == ("offered" if state == "planned" else "IllegalTransition")
    if state == "planned":
        assert only_move(handle(facts(state), Offer(), NOW)).fence == 3


@pytest.mark.parametrize("state", protocol.STATES)
def test_nothing_is_taken_back_after_the_permit(state: str) -> None:
    expected = protocol.TAKEN_BACK.get(state, "IllegalTransition")
    assert outcome(facts(state), TakeBack("replanned")) == expected
    if state in protocol.TAKEN_BACK:
        move = only_move(handle(facts(state), TakeBack("replanned"), NOW))
        assert (move.actor, move.fence, move.note) == (Actor.BROKER, 3, "replanned")


@pytest.mark.parametrize("state", protocol.STATES)
def test_a_stop_is_a_wish(state: str) -> None:
    if state not in protocol.MAY_STOP:
        assert outcome(facts(state), StopAsked("please")) == "Unfit"
        return
    assert handle(facts(state), StopAsked("please"), NOW) == (KeepStop("please"),)
    assert handle(facts(state), StopAsked(""), NOW) == (KeepStop("asked to stop"),)


def test_illegal_pairs_name_themselves() -> None:
    with pytest.raises(IllegalTransition, match="from offered to starting on the word of the agent"):
        handle(facts("offered"), said("starting"), NOW)
    with pytest.raises(Stale, match="fence 1 is not the run's 2"):
        handle(facts("offered"), said("claimed", fence=1), NOW)
