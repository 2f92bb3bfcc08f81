"""A quote accepted at one of its lead times: money, date and lines are that tier's, once and for all."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import delete

from broker.ledger.service import balance, hold
from broker.orders.models import Lot, LotState
from broker.planning.snapshot import take
from broker.quotes.models import QuoteTier
from broker.runs.sql_book import SqlBook
from broker.shipping.service import hand_over
from broker.wire.rest import OrderList, OrderView, Problem, QuoteTierView, QuoteView
from broker.wire.tiers import Tier
from tests.broker.conftest import Town
from tests.broker.parts.shapes import box_stl

_DEPOSIT = 100_000


async def _quote(town: Town) -> QuoteView:
    box = await town.upload("box.stl", box_stl(20, 10, 5))
    wish: dict[str, object] = {"part_id": box, "quantity": 7, "material": "PLA"}
    return await town.quote(wish, wish | {"quantity": 3})


def _at(quote: QuoteView, tier: Tier) -> QuoteTierView:
    return next(terms for terms in quote.tiers if terms.tier is tier)


async def _placed(town: Town, quote: QuoteView, tier: Tier) -> OrderView:
    answer = await town.accept(quote.id, tier=tier)
    assert answer.status_code == 201, answer.text
    return OrderView.model_validate_json(answer.content)


@pytest.mark.parametrize("tier", Tier)
async def test_an_order_goes_by_its_tiers_terms(town: Town, tier: Tier) -> None:
    quote = await _quote(town)
    terms = _at(quote, tier)
    town.clock.forward(hours=5)
    order = await _placed(town, quote, tier)
    assert terms.due_at is not None
    assert (order.tier, order.total, order.due_at) == (tier, terms.total, terms.due_at + timedelta(hours=5))
    assert order.ledger.model_dump() == {"balance": 0, "held": terms.total, "paid": 0}
    assert [line.amount for line in order.lines] == [
        sum(line.amount for line in terms.lines if line.item_id == item.id) for item in quote.items
    ]
    shown = order.quote
    assert (shown.state, shown.tier, shown.total, shown.due_at, shown.lines, shown.tiers) == (
        "accepted", tier, terms.total, terms.due_at, terms.lines, quote.tiers,
    )  # fmt: skip
    async with town.ana.client(town.url) as client:
        [listed] = OrderList.model_validate_json((await client.get("/orders")).content).orders
    assert (listed.tier, listed.total) == (tier, terms.total)


async def test_what_was_held_for_a_tier_is_paid_out_to_the_cent(town: Town) -> None:
    order = await _placed(town, await _quote(town), Tier.EXPRESS)
    async with town.database.writing() as session:
        for number, line in enumerate(order.lines):
            lot = Lot(id=f"lot_{number}", line_id=line.id, workshop_id="wsh_1", quantity=line.ordered)
            lot.good, lot.state = line.ordered, LotState.MADE
            session.add(lot)
    async with town.database.writing() as session:
        for number in range(len(order.lines)):
            await hand_over(SqlBook(session), await session.get_one(Lot, f"lot_{number}"), town.clock.now())
    async with town.ana.client(town.url) as client:
        shown = OrderView.model_validate_json((await client.get(f"/orders/{order.id}")).content)
    assert shown.state == "delivered"
    assert shown.ledger.model_dump() == {"balance": 0, "held": 0, "paid": order.total}
    async with town.database.reading() as session:
        assert await balance(session, "wsh_1") == sum(line.amount for line in order.lines)
        assert await balance(session, town.ana.id) == _DEPOSIT - order.total


async def test_accepting_again_at_the_same_tier_is_the_same_order_and_at_another_a_conflict(town: Town) -> None:
    quote = await _quote(town)
    first, again = [await town.accept(quote.id, key="a1", tier="economy") for _ in range(2)]
    third = await town.accept(quote.id, tier="economy")
    assert first.json() == again.json()
    assert third.json()["id"] == first.json()["id"]
    for tier in ("express", "standard", None):
        refused = await town.accept(quote.id, tier=tier)
        problem = Problem.model_validate_json(refused.content)
        assert (refused.status_code, problem.where) == (409, "tier")
        assert f"accepted as economy: {first.json()['id']}" in problem.detail
    async with town.database.reading() as session:
        assert await balance(session, town.ana.id) == _DEPOSIT - _at(quote, Tier.ECONOMY).total


async def test_a_key_is_for_one_tier(town: Town) -> None:
    quote = await _quote(town)
    assert (await town.accept(quote.id, key="a1", tier="express")).status_code == 201
    other = await town.accept(quote.id, key="a1", tier="standard")
    assert (other.status_code, other.json()["where"]) == (422, "Idempotency-Key")


async def test_no_body_is_the_standard_tier(town: Town) -> None:
    quote = await _quote(town)
    first, again = await town.accept(quote.id, key="a1"), await town.accept(quote.id, key="a1", tier="standard")
    assert first.json() == again.json()
    assert OrderView.model_validate_json(first.content).tier is Tier.STANDARD


@pytest.mark.parametrize("tier", ["overnight", "EXPRESS", " express", ""])
async def test_what_is_no_tier_is_refused_with_those_there_are(town: Town, tier: str) -> None:
    quote = await _quote(town)
    refused = await town.accept(quote.id, tier=tier)
    problem = Problem.model_validate_json(refused.content)
    assert (refused.status_code, problem.where) == (422, "body.tier")
    assert "'express', 'standard' or 'economy'" in problem.detail
    async with town.ana.client(town.url) as client:
        assert (await client.get(f"/quotes/{quote.id}")).json()["state"] == "open"


async def test_an_expired_quote_is_refused_at_every_tier(town: Town) -> None:
    quote = await _quote(town)
    town.clock.forward(hours=24)
    answers = [await town.accept(quote.id, tier=tier) for tier in Tier]
    assert [answer.status_code for answer in answers] == [409] * 3
    assert all("expired" in answer.json()["detail"] for answer in answers)


async def test_a_tier_that_the_quote_does_not_offer_is_refused_with_those_it_does(town: Town) -> None:
    quote = await _quote(town)
    async with town.database.writing() as session:
        await session.execute(delete(QuoteTier).where(QuoteTier.tier == Tier.EXPRESS))
    refused = await town.accept(quote.id, tier="express")
    problem = Problem.model_validate_json(refused.content)
    assert (refused.status_code, problem.where, problem.detail) == (422, "tier", "the quote offers no express")
    assert problem.fix == "take standard or economy"
    assert (await town.accept(quote.id, tier="economy")).status_code == 201


async def test_too_little_money_for_express_may_be_enough_for_economy(town: Town) -> None:
    quote = await _quote(town)
    async with town.database.writing() as session:
        poor = _at(quote, Tier.EXPRESS).total - 1
        await hold(session, "ord_before", town.ana.id, _DEPOSIT - poor, "EUR", town.clock.now())
    answers = [await town.accept(quote.id, tier=tier) for tier in (Tier.EXPRESS, Tier.ECONOMY)]
    assert [answer.status_code for answer in answers] == [402, 201]


async def test_the_plan_hears_of_the_tier(town: Town) -> None:
    for tier in Tier:
        await _placed(town, await _quote(town), tier)
    async with town.database.reading() as session:
        lines = (await take(session, town.clock.now())).lines
    assert Counter(line.tier for line in lines) == dict.fromkeys(Tier, 2)
