"""Orders as the REST API and the pages show them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from broker.ledger.service import order_sums
from broker.orders import repository
from broker.orders.models import Line, Lot, Order
from broker.parts.repository import parts_by_id
from broker.quotes import repository as quotes
from broker.quotes.models import Quote, QuoteTier
from broker.quotes.views import quote_view
from broker.wire.rest import LedgerView, LineView, LotView, OrderSummary, OrderView


async def summaries(session: AsyncSession, orders: Sequence[Order]) -> tuple[OrderSummary, ...]:
    lines = await repository.lines_of(session, (order.id for order in orders))
    lots = [lot for lot, _ in await repository.lots_of(session, lines)]
    settled = await quotes.settled(session, (order.quote_id for order in orders))
    views = []
    for order in orders:
        own = [line for line in lines if line.order_id == order.id]
        made = [lot for lot in lots if lot.line_id in {line.id for line in own}]
        views.append(_summary(order, *settled[order.quote_id], own, made))
    return tuple(views)


async def order_view(session: AsyncSession, order: Order, now: datetime) -> OrderView:
    lines = await repository.lines_of(session, [order.id])
    lots = await repository.lots_of(session, lines)
    parts = await parts_by_id(session, (line.part_id for line in lines))
    quote, terms = (await quotes.settled(session, [order.quote_id]))[order.quote_id]
    sums = await order_sums(session, order.id)
    summary = _summary(order, quote, terms, lines, [lot for lot, _ in lots])
    return OrderView(
        **dict(summary),
        lines=tuple(
            _line(line, parts[line.part_id].name, [(lot, shop) for lot, shop in lots if lot.line_id == line.id])
            for line in lines
        ),
        quote=await quote_view(session, quote, now),
        ledger=LedgerView(balance=sums.balance, held=sums.held, paid=sums.paid),
    )


def _summary(order: Order, quote: Quote, terms: QuoteTier, lines: Sequence[Line], lots: Sequence[Lot]) -> OrderSummary:
    return OrderSummary(
        id=order.id,
        tier=order.tier,
        state=order.state,
        created_at=order.created_at,
        due_at=order.due_at,
        delivered_at=order.delivered_at,
        currency=quote.currency,
        total=terms.total,
        ordered=sum(line.quantity for line in lines),
        good=sum(lot.good for lot in lots),
        scrap=sum(lot.scrap for lot in lots),
    )


def _line(line: Line, name: str, lots: Sequence[tuple[Lot, str]]) -> LineView:
    return LineView(
        id=line.id,
        part_id=line.part_id,
        name=name,
        process=line.process,
        material=line.material,
        share=line.share,
        ordered=line.quantity,
        good=sum(lot.good for lot, _ in lots),
        scrap=sum(lot.scrap for lot, _ in lots),
        amount=line.amount,
        lots=tuple(
            LotView(id=lot.id, workshop=shop, state=lot.state, quantity=lot.quantity, good=lot.good, scrap=lot.scrap)
            for lot, shop in lots
        ),
    )
