"""Lots that had gone when the broker was restored, and what of them is counted again only later."""

from broker.orders.models import LotState, Order, OrderState
from broker.runs.book import Books
from broker.wire.messages import Counted, HandedOver, LotCount
from tests.broker.runs.contract.acts import Next, play
from tests.broker.runs.contract.stores import InMemory
from tests.broker.runs.contract.world import World

FINISHED, COUNTED = 8, 9
"""Steps of `Next`."""
GONE = HandedOver(lot="lot1", operator="eva")


async def _has_gone_early(books: Books, steps: int) -> World:
    """The agent of lot 1 is behind, and tells that it has gone; of its run, so many steps are known."""
    world = await World.opened(books)
    await play(world, [Next("run1")] * steps)
    await play(world, [Next("run3")] * COUNTED)
    async with world.books.writing() as book:
        (await book.line("line1")).quantity = 4
    assert (await world.say("a1", HandedOver(lot="lot2", operator="eva"))).conflicts == ()
    async with world.books.writing() as book:
        (await book.locked_agent("a1")).behind = True
    assert (await world.say("a1", GONE)).conflicts == ()
    assert (await world.lot("lot1")).state is LotState.DELIVERED
    return world


async def _order(world: World) -> Order:
    async with world.books.reading() as book:
        return await book.locked_order("order")


def test_an_order_all_of_which_has_gone_is_delivered_whatever_was_still_planned() -> None:
    async def story(books: Books) -> None:
        world = await _has_gone_early(books, COUNTED)
        assert (await _order(world)).state is OrderState.DELIVERED

    InMemory().run(story)


def test_what_is_counted_after_its_lot_has_gone_completes_the_order() -> None:
    async def story(books: Books) -> None:
        world = await _has_gone_early(books, FINISHED)
        assert (await _order(world)).state is OrderState.ACCEPTED
        async with world.books.writing() as book:
            run = await book.locked_run("run1")
            assert run is not None
            run.restored = True
        counted = Counted(operator="eva", counts=(LotCount(lot="lot1", good=4),))
        assert (await world.say("a1", counted, await world.run("run1"))).conflicts == ()
        assert (await world.lot("lot1")).good == 4
        assert (await _order(world)).state is OrderState.DELIVERED

    InMemory().run(story)
