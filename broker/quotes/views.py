"""Quotes as the REST API and the pages show them."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from broker.parts.models import Part
from broker.parts.repository import parts_by_id
from broker.quotes import repository
from broker.quotes.models import Quote, QuoteItem, QuoteLine, QuoteState, QuoteTier
from broker.wire.plates import Recipe
from broker.wire.rest import LeftOutView, QuoteItemView, QuoteLineView, QuoteTierView, QuoteView
from slicer_bridge.facts_json import facts_from_json

LEFT_OUT = TypeAdapter(tuple[LeftOutView, ...])
"""How an item's row keeps them."""


def state_at(quote: Quote, now: datetime) -> QuoteState:
    """An open quote expires by itself."""
    return QuoteState.EXPIRED if quote.state is QuoteState.OPEN and now >= quote.expires_at else quote.state


async def quote_view(session: AsyncSession, quote: Quote, now: datetime) -> QuoteView:
    items = await repository.items(session, quote.id)
    parts = await parts_by_id(session, (item.part_id for item in items))
    lines = await repository.lines(session, quote.id)
    tiers = {tier: _tier_view(row, lines) for tier, row in (await repository.tiers(session, quote.id)).items()}
    standing = tiers[quote.tier]
    return QuoteView(
        id=quote.id,
        state=state_at(quote, now),
        currency=quote.currency,
        tier=quote.tier,
        total=standing.total,
        created_at=quote.created_at,
        expires_at=quote.expires_at,
        due_at=standing.due_at,
        items=tuple(_item_view(item, parts[item.part_id]) for item in items),
        lines=standing.lines,
        tiers=tuple(tiers.values()),
    )


def _tier_view(terms: QuoteTier, lines: Sequence[QuoteLine]) -> QuoteTierView:
    return QuoteTierView(
        tier=terms.tier,
        total=terms.total,
        due_at=terms.due_at,
        arrival_at=terms.arrival_at,
        lines=tuple(
            QuoteLineView(kind=line.kind, text=line.text, amount=line.amount, item_id=line.item_id)
            for line in lines
            if line.tier is terms.tier
        ),
    )


def _item_view(item: QuoteItem, part: Part) -> QuoteItemView:
    facts = facts_from_json(part.facts)
    shape = facts.mesh or facts.drawing
    return QuoteItemView(
        id=item.id,
        part_id=item.part_id,
        name=part.name,
        quantity=item.quantity,
        process=item.process,
        material=item.material,
        recipe=Recipe.model_validate_json(item.recipe),
        share=item.share,
        machine_s=item.machine_s,
        size_mm=shape.size_mm if shape is not None else (),
        findings=facts.findings,
        left_out=LEFT_OUT.validate_json(item.left_out),
    )
