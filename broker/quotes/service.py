"""Prices that stand on the live plan: what is promised has a place among everything already promised."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from broker.accounts.models import Role
from broker.accounts.service import Caller
from broker.clock import Clock
from broker.database import Database, new_id
from broker.errors import Conflict, NotFound, Unprocessable
from broker.parts.service import part_of
from broker.quotes import repository
from broker.quotes.live_plan import LeftOut, LivePlan, Opinion, Wanted
from broker.quotes.market import Market, one_currency
from broker.quotes.models import Quote, QuoteItem, QuoteLine, QuoteState, QuoteTier
from broker.quotes.price import price
from broker.quotes.terms import Terms, worth_offering
from broker.quotes.views import LEFT_OUT
from broker.quotes.wanted import wanted_item
from broker.settings import Settings
from broker.wire.rest import LeftOutView, QuoteRequest
from broker.wire.tiers import Tier


@dataclass(frozen=True, slots=True)
class Draft:
    """A price before it is kept."""

    part_ids: tuple[str, ...]
    wanted: tuple[Wanted, ...]
    opinions: tuple[Opinion, ...]
    """By which the items are described."""
    tiers: Mapping[Tier, Terms]
    """Standard is always there."""


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
        considered = await self._plan.consider(wanted)
        opinions = considered[Tier.STANDARD]
        terms = {Tier.STANDARD: self._terms(wanted, opinions, market)}
        for tier in considered.keys() - terms.keys():
            # Whoever gets a price at all is not refused for a tier beside it.
            with suppress(Conflict, Unprocessable):
                terms[tier] = self._terms(wanted, considered[tier], market)
        return Draft(tuple(item.part_id for item in request.items), wanted, opinions, worth_offering(terms))

    def _terms(self, wanted: Sequence[Wanted], opinions: tuple[Opinion, ...], market: Market) -> Terms:
        """Raises Unprocessable, Conflict."""
        for item, opinion in zip(wanted, opinions, strict=True):
            _all_placed(item, opinion)
        used = {share.workshop_id for opinion in opinions for share in opinion.shares}
        one_currency((market.shop(workshop_id) for workshop_id in sorted(used)), self._settings.currency)
        lines = price(wanted, opinions, market, self._settings.fee_percent)
        return Terms(lines, max(opinion.ready_s for opinion in opinions))

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
        quote = Quote(
            id=new_id("quo"),
            account_id=account_id,
            state=QuoteState.OPEN,
            currency=self._settings.currency,
            tier=Tier.STANDARD,
            created_at=now,
            expires_at=now + timedelta(hours=self._settings.quote_life_h),
        )
        session.add(quote)
        await session.flush()
        items = [_item_row(quote.id, index, draft) for index in range(len(draft.wanted))]
        session.add_all(items)
        await session.flush()
        for tier, terms in draft.tiers.items():
            session.add(self._tier_row(quote, tier, terms))
            session.add_all(_line_rows(quote, tier, terms, items))
        await session.flush()
        return quote

    def _tier_row(self, quote: Quote, tier: Tier, terms: Terms) -> QuoteTier:
        return QuoteTier(
            quote_id=quote.id,
            tier=tier,
            total=terms.total,
            due_at=quote.created_at + timedelta(seconds=terms.ready_s * (1 + self._settings.lead_margin)),
            arrival_at=quote.created_at + timedelta(seconds=terms.ready_s),
        )


def _line_rows(quote: Quote, tier: Tier, terms: Terms, items: Sequence[QuoteItem]) -> list[QuoteLine]:
    return [
        QuoteLine(
            quote_id=quote.id,
            tier=tier,
            item_id=None if line.item is None else items[line.item].id,
            position=position,
            kind=line.kind,
            text=line.text,
            amount=line.amount,
        )
        for position, line in enumerate(terms.lines)
    ]


async def quote_of(session: AsyncSession, caller: Caller, quote_id: str, *, lock: bool = False) -> Quote:
    """Raises NotFound, also for a quote of somebody else."""
    quote = await repository.quote(session, quote_id, lock=lock)
    if quote is None or (quote.account_id != caller.id and caller.role is not Role.ADMIN):
        raise NotFound(f"there is no quote {quote_id!r} of yours", where="quote", fix="ask for a price first")
    return quote


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
        left_out=LEFT_OUT.dump_json(tuple(_left_out_view(left) for left in opinion.left_out)).decode(),
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
