"""Prices that stand on the live plan: what is promised has a place among everything already promised."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from broker.accounts.models import Role
from broker.accounts.service import Caller
from broker.clock import Clock
from broker.database import Database, new_id
from broker.errors import NotFound, Unprocessable
from broker.parts.models import Part
from broker.parts.repository import parts_by_id
from broker.parts.service import part_of
from broker.quotes import repository
from broker.quotes.live_plan import LeftOut, LivePlan, Opinion, Wanted
from broker.quotes.market import Market, one_currency
from broker.quotes.models import Quote, QuoteItem, QuoteLine, QuoteState
from broker.quotes.price import PriceLine, price
from broker.quotes.wanted import wanted_item
from broker.settings import Settings
from broker.wire.plates import Recipe
from broker.wire.rest import LeftOutView, QuoteItemView, QuoteLineView, QuoteRequest, QuoteView
from broker.wire.tiers import Tier
from slicer_bridge.facts_json import facts_from_json

_LEFT_OUT = TypeAdapter(tuple[LeftOutView, ...])


@dataclass(frozen=True, slots=True)
class Draft:
    """A price before it is kept."""

    part_ids: tuple[str, ...]
    wanted: tuple[Wanted, ...]
    opinions: tuple[Opinion, ...]
    lines: tuple[PriceLine, ...]

    @property
    def total(self) -> int:
        return sum(line.amount for line in self.lines)


class Quoter:
    """Holds no session while the plan is asked."""

    def __init__(self, database: Database, clock: Clock, plan: LivePlan, settings: Settings) -> None:
        self._database = database
        self._clock = clock
        self._plan = plan
        self._settings = settings

    async def draft(self, caller: Caller, request: QuoteRequest) -> Draft:
        """Raises NotFound, Unprocessable, Conflict."""
        async with self._database.reading() as session:
            market = await repository.market(session)
            wanted = await self._wanted(session, caller, request, market)
        opinions = (await self._plan.consider(wanted))[Tier.STANDARD]
        for item, opinion in zip(wanted, opinions, strict=True):
            _all_placed(item, opinion)
        used = {share.workshop_id for opinion in opinions for share in opinion.shares}
        one_currency((market.shop(workshop_id) for workshop_id in sorted(used)), self._settings.currency)
        lines = price(wanted, opinions, market, self._settings.fee_percent)
        return Draft(tuple(item.part_id for item in request.items), wanted, opinions, lines)

    async def _wanted(
        self, session: AsyncSession, caller: Caller, request: QuoteRequest, market: Market
    ) -> tuple[Wanted, ...]:
        most = self._settings.max_items
        if len(request.items) > most:
            raise Unprocessable(
                f"{len(request.items)} items are too many", where="items", fix=f"ask for {most} at most"
            )
        return tuple(
            [
                wanted_item(index, item, await part_of(session, caller, item.part_id), market, self._settings)
                for index, item in enumerate(request.items)
            ]
        )

    async def keep(self, session: AsyncSession, account_id: str, draft: Draft) -> Quote:
        now = self._clock.now()
        longest_s = max(opinion.ready_s for opinion in draft.opinions)
        quote = Quote(
            id=new_id("quo"),
            account_id=account_id,
            state=QuoteState.OPEN,
            currency=self._settings.currency,
            total=draft.total,
            created_at=now,
            expires_at=now + timedelta(hours=self._settings.quote_life_h),
            due_at=now + timedelta(seconds=longest_s * (1 + self._settings.lead_margin)),
        )
        session.add(quote)
        await session.flush()
        items = [_item_row(quote.id, index, draft) for index in range(len(draft.wanted))]
        session.add_all(items)
        await session.flush()
        for position, line in enumerate(draft.lines):
            item_id = None if line.item is None else items[line.item].id
            row = QuoteLine(quote_id=quote.id, item_id=item_id, position=position)
            row.kind, row.text, row.amount = line.kind, line.text, line.amount
            session.add(row)
        await session.flush()
        return quote


async def quote_of(session: AsyncSession, caller: Caller, quote_id: str, *, lock: bool = False) -> Quote:
    """Raises NotFound, also for a quote of somebody else."""
    quote = await repository.quote(session, quote_id, lock=lock)
    if quote is None or (quote.account_id != caller.id and caller.role is not Role.ADMIN):
        raise NotFound(f"there is no quote {quote_id!r} of yours", where="quote", fix="ask for a price first")
    return quote


def state_at(quote: Quote, now: datetime) -> QuoteState:
    """An open quote expires by itself."""
    return QuoteState.EXPIRED if quote.state is QuoteState.OPEN and now >= quote.expires_at else quote.state


async def quote_view(session: AsyncSession, quote: Quote, now: datetime) -> QuoteView:
    items = await repository.items(session, quote.id)
    parts = await parts_by_id(session, (item.part_id for item in items))
    lines = await repository.lines(session, quote.id)
    return QuoteView(
        id=quote.id,
        state=state_at(quote, now),
        currency=quote.currency,
        total=quote.total,
        created_at=quote.created_at,
        expires_at=quote.expires_at,
        due_at=quote.due_at,
        items=tuple(_item_view(item, parts[item.part_id]) for item in items),
        lines=tuple(
            QuoteLineView(kind=line.kind, text=line.text, amount=line.amount, item_id=line.item_id) for line in lines
        ),
    )


def _item_row(quote_id: str, index: int, draft: Draft) -> QuoteItem:
    item, opinion = draft.wanted[index], draft.opinions[index]
    return QuoteItem(
        id=new_id("qit"),
        quote_id=quote_id,
        position=index,
        part_id=draft.part_ids[index],
        quantity=item.quantity,
        process=item.process,
        material=item.material,
        recipe=item.recipe.model_dump_json(),
        share=item.share,
        machine_s=opinion.piece_s,
        left_out=_LEFT_OUT.dump_json(tuple(_left_out_view(left) for left in opinion.left_out)).decode(),
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
        left_out=_LEFT_OUT.validate_json(item.left_out),
    )


def _left_out_view(left: LeftOut) -> LeftOutView:
    return LeftOutView(workshop=left.workshop, machine=left.machine, reason=left.reason)


def _all_placed(item: Wanted, opinion: Opinion) -> None:
    if opinion.unplanned == 0:
        return
    if opinion.shares:
        made = item.quantity - opinion.unplanned
        words = f"only {made:,} of {item.quantity:,} pieces find a place: {opinion.unplanned_reason}"
        raise Unprocessable(words, where=item.name, fix="ask for fewer, or for a part of them now")
    raise Unprocessable(
        f"no machine can make it: {_reasons(opinion.left_out) or opinion.unplanned_reason}",
        where=item.name,
        fix="divide the part, turn to another material, or check the file's unit",
    )


def _reasons(left_out: Sequence[LeftOut]) -> str:
    return "; ".join(f"{left.workshop} {left.machine}: {left.reason}" for left in left_out)
