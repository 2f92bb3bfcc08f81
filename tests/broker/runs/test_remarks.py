"""Skipped pieces, corrected counts, surplus and first layers, on every store of rows."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest

from broker.database import Database
from broker.orders.models import LotState
from broker.runs.book import Books
from broker.runs.models import Run
from broker.runs.repository import corrections_of, scrap_by_reason
from broker.runs.retries import TRIES
from broker.runs.sql_book import SqlBooks
from broker.wire.messages import (
    Availability,
    Body,
    Corrected,
    Counted,
    Faulted,
    HandedOver,
    LotCount,
    MachineChanged,
    Scrap,
    ScrapReason,
    Settled,
    Skipped,
)
from broker.wire.states import RunState
from tests.broker.databases import Databases
from tests.broker.runs.contract.acts import Next, Wait, play
from tests.broker.runs.contract.stores import InDatabase, InMemory, Store
from tests.broker.runs.contract.world import Answer, World

SKIP = Skipped(lot="lot1", object="cube copy 1", reason=ScrapReason.ADHESION, operator="eva")
RUNNING, FINISHED = 7, 8
"""Steps of `Next`."""


@pytest.fixture(scope="module", params=["memory", "database"])
def store(request: pytest.FixtureRequest, databases: Databases) -> Store:
    return InMemory() if request.param == "memory" else InDatabase(databases)


def told(store: Store, story: Callable[[World], Coroutine[None, None, None]]) -> None:
    async def whole(books: Books) -> None:
        await story(await World.opened(books))

    store.run(whole)


async def to(world: World, run: str, number: int) -> None:
    await play(world, [Next(run)] * number)


async def say(world: World, body: Body, run: str = "run1", **changes: object) -> Answer:
    return await world.say("a1", body, await world.run(run), **changes)


def counts(good: int, scrap: int = 0, lot: str = "lot1") -> tuple[LotCount, ...]:
    warped = (Scrap(reason=ScrapReason.WARP, pieces=scrap),) if scrap else ()
    return (LotCount(lot=lot, good=good, scrap=warped),)


async def numbers(world: World, lot: str = "lot1") -> tuple[int, int, int, int]:
    """Quantity, good, scrap, surplus."""
    row = await world.lot(lot)
    return row.quantity, row.good, row.scrap, row.surplus


def refused(answer: Answer, reason: str) -> None:
    [conflict] = answer.conflicts
    assert reason in conflict.reason


def test_a_skipped_piece_is_scrap_at_once_and_is_missing_from_the_plan(store: Store) -> None:
    async def story(world: World) -> None:
        await to(world, "run1", RUNNING)
        before = await world.run("run1")
        version = before.version
        assert (await say(world, SKIP)).conflicts == ()
        assert await numbers(world) == (5, 0, 1, 0)
        assert (await world.run("run1")).version == version + 1
        refused(await say(world, SKIP), "was skipped before")
        refused(await say(world, SKIP.model_copy(update={"lot": "lot2", "object": "x"})), "no piece of lot 'lot2'")
        refused(await say(world, SKIP.model_copy(update={"object": "x"}), version=version), "is not the run's")
        await to(world, "run1", 1)
        refused(await say(world, Counted(operator="eva", counts=counts(4))), "holds 3 pieces")
        assert (await say(world, Counted(operator="eva", counts=counts(2, 1)))).conflicts == ()
        assert await numbers(world) == (4, 2, 2, 0)
        refused(await say(world, SKIP.model_copy(update={"object": "y"})), "that is accepted")

    told(store, story)


def test_what_was_skipped_in_the_brokers_silence_is_believed(store: Store) -> None:
    async def story(world: World) -> None:
        await to(world, "run1", RUNNING)
        held = await world.run("run1")
        version, fence = held.version, held.fence
        await play(world, [Wait(10_000)])
        assert (await world.run("run1")).state is RunState.UNKNOWN
        assert (await say(world, SKIP, version=version, fence=fence)).conflicts == ()
        assert await numbers(world) == (5, 0, 1, 0)

    told(store, story)


def test_a_count_is_put_right_and_what_is_missing_is_to_be_planned(store: Store) -> None:
    async def story(world: World) -> None:
        await to(world, "run1", FINISHED)
        correct = Corrected(operator="ana", note="one was warped", counts=counts(3, 1))
        refused(await say(world, correct), "that is finished")
        await say(world, Counted(operator="eva", counts=counts(4)))
        assert await numbers(world) == (6, 4, 0, 0)
        for wrong, reason in (
            (counts(4), "as they are"),
            (counts(3), "add up to 3"),
            (counts(3, 2), "add up to 5"),
            (counts(3, 1, "lot3"), "the plate holds the lots lot1"),
        ):
            refused(await say(world, correct.model_copy(update={"counts": wrong})), reason)
        version = (await world.run("run1")).version
        assert (await say(world, correct)).conflicts == ()
        assert await numbers(world) == (5, 3, 1, 0)
        assert (await world.run("run1")).version == version + 1
        assert (await say(world, correct.model_copy(update={"counts": counts(4)}))).conflicts == ()
        assert await numbers(world) == (6, 4, 0, 0)

    told(store, story)


def test_pieces_that_are_good_after_all_are_surplus_where_others_took_their_place(store: Store) -> None:
    async def story(world: World) -> None:
        await to(world, "run1", FINISHED)
        await say(world, Counted(operator="eva", counts=counts(3, 1)))
        async with world.books.writing() as book:
            (await book.line("line1")).quantity = 9
        await to(world, "run4", 9)
        await world.say("a1", MachineChanged(machine="m1", availability=Availability.FREE))
        await to(world, "run2", 9)
        assert [await numbers(world, lot) for lot in ("lot1", "lot3")] == [(5, 5, 1, 0), (4, 4, 0, 0)]
        await say(world, Corrected(operator="eva", note="it is good", counts=counts(4)))
        assert await numbers(world) == (5, 5, 0, 1)
        assert (await world.lot("lot1")).state is LotState.MADE
        assert (await world.say("a1", HandedOver(lot="lot1", operator="eva"))).conflicts == ()
        assert (await world.lot("lot1")).state is LotState.DELIVERED
        refused(await say(world, Corrected(operator="eva", note="no", counts=counts(3, 1))), "was handed over")
        assert await numbers(world) == (5, 5, 0, 1)

    told(store, story)


def test_what_nobody_has_claimed_yet_is_taken_back_where_a_count_leaves_less_to_make(store: Store) -> None:
    async def story(world: World) -> None:
        await to(world, "run1", FINISHED)
        await say(world, Counted(operator="eva", counts=counts(2, 2)))
        async with world.books.writing() as book:
            (await book.line("line1")).quantity = 8
        await say(world, Corrected(operator="eva", note="all are good", counts=counts(4)))
        states = {run: (await world.run(run)).state for run in ("run2", "run4")}
        assert states == {"run2": RunState.WITHDRAWN, "run4": RunState.WITHDRAWN}
        assert await numbers(world) == (4, 4, 0, 0)

    told(store, story)


def test_a_settlement_is_put_right(store: Store) -> None:
    async def story(world: World) -> None:
        await to(world, "run1", RUNNING)
        await say(world, Faulted(reason="cold", safe=True))
        await say(world, Settled(operator="eva", note="nothing good", counts=counts(0, 1)))
        assert await numbers(world) == (2, 0, 1, 0)
        await say(world, Corrected(operator="eva", note="two are good", counts=counts(2)))
        assert await numbers(world) == (4, 2, 0, 0)
        assert (await world.run("run1")).state is RunState.SCRAPPED

    told(store, story)


def test_a_plate_whose_first_layer_failed_comes_again_a_few_times(store: Store) -> None:
    async def fail(world: World, run_id: str) -> None:
        await say(world, Faulted(reason="the first layer failed", safe=True, first_layer=True), run_id)
        async with world.books.reading() as book:
            assert (await book.machine("m1")).availability is Availability.OCCUPIED
        await say(world, Settled(operator="eva", note="it came off", counts=(), first_layer=True), run_id)
        assert (await world.run(run_id)).state is RunState.SCRAPPED

    async def story(world: World) -> None:
        await to(world, "run1", RUNNING)
        run_id = "run1"
        for again in range(TRIES):
            assert await numbers(world) == (6, 0, 0, 0)
            await fail(world, run_id)
            fresh = await planned(world, "plate-run1")
            assert (fresh is None) is (again == TRIES - 1)
            if fresh is not None:
                assert (fresh.machine_id, fresh.state, fresh.version, fresh.fence) == ("m1", RunState.PLANNED, 1, 0)
                run_id = fresh.id
                await has_begun(world, run_id)
        assert await numbers(world) == (2, 0, 0, 0)

    told(store, story)


async def planned(world: World, plate: str) -> Run | None:
    async with world.books.reading() as book:
        found = [run for run in await book.runs_of_plate(plate) if run.state is RunState.PLANNED]
    return found[0] if found else None


async def has_begun(world: World, run_id: str) -> None:
    """As if it had gone its way until then."""
    async with world.books.writing() as book:
        run = await book.locked_run(run_id)
        assert run is not None
        run.state, run.version, run.fence = RunState.RUNNING, 7, 1


def test_buyers_see_what_was_skipped_and_corrected(databases: Databases, tmp_path: Path) -> None:
    async def story(database: Database) -> None:
        world = await World.opened(SqlBooks(database))
        await to(world, "run1", RUNNING)
        await say(world, SKIP)
        await to(world, "run1", 1)
        await say(world, Counted(operator="eva", counts=counts(3)))
        await say(world, Corrected(operator="ana", note="one was warped", counts=counts(2, 1)))
        async with database.reading() as session:
            scrap = await scrap_by_reason(session, ["lot1"])
            [row] = await corrections_of(session, ["lot1"])
        assert scrap == {"lot1": {ScrapReason.ADHESION: 1, ScrapReason.WARP: 1}}
        assert (row.operator, row.note, row.good_before, row.good_after) == ("ana", "one was warped", 3, 2)
        await database.close()

    with databases.migrated(tmp_path) as settings:
        asyncio.run(story(Database(settings.url)))
