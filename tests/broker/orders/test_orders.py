from datetime import timedelta

from broker.accounts.models import Role
from broker.ledger.service import balance, release
from broker.orders.models import Lot, LotState
from broker.wire.rest import OrderList, OrderView, Problem, QuoteView
from tests.broker.conftest import Town, person
from tests.broker.parts.shapes import box_stl, rectangle_dxf


async def _quote(town: Town, quantity: int = 7) -> QuoteView:
    box = await town.upload("box.stl", box_stl(20, 10, 5))
    panel = await town.upload("panel.dxf", rectangle_dxf(100, 50))
    return await town.quote(
        {"part_id": box, "quantity": quantity, "material": "PLA"},
        {"part_id": panel, "quantity": 3, "material": "plywood"},
    )


async def _placed(town: Town, quote: QuoteView) -> OrderView:
    answer = await town.accept(quote.id)
    assert answer.status_code == 201, answer.text
    return OrderView.model_validate_json(answer.content)


async def _show(town: Town, order_id: str) -> OrderView:
    async with town.ana.client(town.url) as client:
        return OrderView.model_validate_json((await client.get(f"/orders/{order_id}")).content)


async def test_accepting_holds_the_total_and_splits_it_into_lines(town: Town) -> None:
    quote = await _quote(town)
    order = await _placed(town, quote)
    fee = next(line.amount for line in quote.lines if line.kind == "fee")
    assert (order.state, order.total, order.quote.state) == ("accepted", quote.total, "accepted")
    assert sum(line.amount for line in order.lines) + fee == quote.total
    assert [(line.ordered, line.good, line.scrap) for line in order.lines] == [(7, 0, 0), (3, 0, 0)]
    assert order.ledger.model_dump() == {"balance": 0, "held": quote.total, "paid": 0}
    async with town.database.reading() as session:
        assert await balance(session, town.ana.id) == 100_000 - quote.total


async def test_it_is_due_by_when_it_was_accepted(town: Town) -> None:
    quote = await _quote(town)
    town.clock.forward(hours=5)
    order = await _placed(town, quote)
    assert quote.due_at is not None
    assert order.due_at == quote.due_at + timedelta(hours=5)


async def test_a_line_may_want_its_plates_for_itself(town: Town) -> None:
    box = await town.upload("box.stl", box_stl(20, 10, 5))
    wish: dict[str, object] = {"part_id": box, "quantity": 7, "material": "PLA"}
    quote = await town.quote(wish, wish | {"share": False})
    order = await _placed(town, quote)
    assert [item.share for item in quote.items] == [True, False]
    assert [line.share for line in order.lines] == [True, False]


async def test_accepting_again_is_the_same_order(town: Town) -> None:
    quote = await _quote(town)
    first, again = [await town.accept(quote.id, key="a1") for _ in range(2)]
    third = await town.accept(quote.id)
    assert first.json() == again.json()
    assert third.json()["id"] == first.json()["id"]
    async with town.database.reading() as session:
        assert await balance(session, town.ana.id) == 100_000 - quote.total


async def test_too_little_money_leaves_the_quote_open(town: Town) -> None:
    quote = await _quote(town, quantity=5_000)
    refused = await town.accept(quote.id)
    problem = Problem.model_validate_json(refused.content)
    assert (refused.status_code, problem.where) == (402, "balance")
    assert "1000.00 EUR" in problem.detail
    async with town.ana.client(town.url) as client:
        assert (await client.get(f"/quotes/{quote.id}")).json()["state"] == "open"
        assert (await client.get("/orders")).json() == {"orders": []}


async def test_a_quote_expires(town: Town) -> None:
    quote = await _quote(town)
    town.clock.forward(hours=24)
    refused = await town.accept(quote.id)
    assert refused.status_code == 409
    assert "expired" in refused.json()["detail"]


async def test_an_order_shows_its_lots_and_what_was_paid(town: Town) -> None:
    order = await _placed(town, await _quote(town))
    fee = order.total - sum(line.amount for line in order.lines)
    async with town.database.writing() as session:
        for number, (line, good) in enumerate(zip(order.lines, (7, 2), strict=True), start=1):
            lot = Lot(id=f"lot_{number}", line_id=line.id, workshop_id=f"wsh_{number}", quantity=line.ordered)
            lot.good, lot.scrap, lot.state = good, 1, LotState.ACCEPTED
            session.add(lot)
        payouts = {f"wsh_{number}": line.amount for number, line in enumerate(order.lines, start=1)}
        await release(session, order.id, payouts, fee, "EUR", town.clock.now())
    shown = await _show(town, order.id)
    assert [(line.good, line.scrap, line.lots[0].workshop) for line in shown.lines] == [
        (7, 1, "Taller Uno"),
        (2, 1, "Taller Dos"),
    ]
    assert shown.ledger.model_dump() == {"balance": 0, "held": 0, "paid": shown.total}
    async with town.ana.client(town.url) as client:
        listed = OrderList.model_validate_json((await client.get("/orders")).content)
    assert [(entry.id, entry.ordered, entry.good, entry.scrap) for entry in listed.orders] == [(order.id, 10, 9, 2)]


async def test_nobody_orders_with_somebody_elses_money(town: Town) -> None:
    quote = await _quote(town)
    statuses = []
    for name, role in (("root", Role.ADMIN), ("eva", Role.PRODUCER), ("taller", Role.WORKSHOP)):
        other = await person(town.database, name, town.clock.now(), role)
        async with other.client(town.url) as client:
            statuses.append((await client.post(f"/quotes/{quote.id}/accept")).status_code)
    assert statuses == [403, 404, 403]


async def test_what_is_not_there_is_not_found(town: Town) -> None:
    async with town.ana.client(town.url) as client:
        answers = [await client.get("/orders/ord_none"), await client.post("/quotes/quo_none/accept")]
    assert [answer.status_code for answer in answers] == [404, 404]
