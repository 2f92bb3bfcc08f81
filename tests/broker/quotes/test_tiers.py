"""Lead times of a quote over the REST API, and what becomes of those that can't be had."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from broker.accounts.models import Role
from broker.accounts.service import Caller
from broker.quotes.live_plan import Opinion, Wanted
from broker.quotes.service import Draft, Quoter
from broker.settings import Settings
from broker.wire.rest import QuoteRequest, WantedItem
from broker.wire.shop import Inventory
from broker.wire.tiers import Tier
from broker.workshops.models import Workshop
from tests.broker.conftest import Town
from tests.broker.parts.shapes import box_stl, rectangle_dxf
from tests.broker.quotes.firstfit import DAY_S, PER_PLATE, PIECE_S, WAYS, FirstFit, Way


async def test_every_tier_has_its_price_and_its_date(town: Town) -> None:
    box = await town.upload("box.stl", box_stl(20, 10, 5))
    panel = await town.upload("panel.dxf", rectangle_dxf(100, 50))
    quote = await town.quote(
        {"part_id": box, "quantity": 7, "material": "PLA"}, {"part_id": panel, "quantity": 3, "material": "plywood"}
    )
    assert [terms.tier for terms in quote.tiers] == [Tier.EXPRESS, Tier.STANDARD, Tier.ECONOMY]
    for terms in quote.tiers:
        assert sum(line.amount for line in terms.lines) == terms.total
        ready = timedelta(seconds=7 * PIECE_S + WAYS[terms.tier].wait_s)
        assert terms.arrival_at == quote.created_at + ready
        assert terms.due_at == quote.created_at + 1.25 * ready
    # 0.7 plates of boxes at 1.00 and 1.20 of labour each, half or twice as many; the same for 0.3 of panels.
    setups = [[line.amount for line in terms.lines if line.kind == "setup"] for terms in quote.tiers]
    assert setups == [[140, 180], [70, 90], [35, 45]]
    express, standard, economy = quote.tiers
    assert express.total > standard.total > economy.total
    assert (quote.tier, quote.total, quote.due_at, quote.lines) == (
        Tier.STANDARD, standard.total, standard.due_at, standard.lines,
    )  # fmt: skip
    async with town.ana.client(town.url) as client:
        assert (await client.get(f"/quotes/{quote.id}")).json() == quote.model_dump(mode="json")


async def _draft(town: Town, plan: FirstFit) -> Draft:
    box = await town.upload("box.stl", box_stl(20, 10, 5))
    quoter = Quoter(town.database, town.clock, plan, Settings(data=town.data))
    caller = Caller(id=town.ana.id, name="ana", role=Role.PRODUCER, address="")
    return await quoter.draft(caller, QuoteRequest(items=(WantedItem(part_id=box, quantity=7, material="PLA"),)))


async def test_what_is_the_same_is_offered_once(town: Town) -> None:
    draft = await _draft(town, FirstFit(town.database, dict.fromkeys(Tier, Way(PER_PLATE, DAY_S))))
    assert list(draft.tiers) == [Tier.STANDARD]


class _Abroad(FirstFit):
    """Express is made by the other workshop."""

    async def consider(self, wanted: Sequence[Wanted]) -> Mapping[Tier, tuple[Opinion, ...]]:
        considered = await super().consider(wanted)
        moved = tuple(
            replace(opinion, shares=tuple(replace(share, workshop_id="wsh_2") for share in opinion.shares))
            for opinion in considered[Tier.EXPRESS]
        )
        return {**considered, Tier.EXPRESS: moved}


async def test_a_tier_in_another_currency_is_left_out_and_the_others_stay(town: Town) -> None:
    plan = _Abroad(town.database)
    assert list((await _draft(town, plan)).tiers) == list(Tier)
    async with town.database.writing() as session:
        shop = await session.get_one(Workshop, "wsh_2")
        inventory = Inventory.model_validate_json(shop.inventory or "")
        rates = inventory.rates.model_copy(update={"currency": "USD"})
        shop.inventory = inventory.model_copy(update={"rates": rates}).model_dump_json()
    assert list((await _draft(town, plan)).tiers) == [Tier.STANDARD, Tier.ECONOMY]
