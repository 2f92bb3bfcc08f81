"""What the order page asks of the domains beneath it."""

from dataclasses import dataclass

from broker.accounts.service import Caller
from broker.clock import Clock
from broker.database import Database
from broker.orders.service import accept
from broker.pages.order_form import Form
from broker.parts.service import part_of, part_view
from broker.quotes import repository
from broker.quotes.service import Quoter
from broker.quotes.views import quote_view
from broker.settings import Settings
from broker.wire.rest import PartView, QuoteRequest, QuoteView
from broker.wire.shop import Inventory, Process
from broker.wire.tiers import Tier


@dataclass(frozen=True, slots=True)
class Counter:
    """Every method is one unit of work."""

    database: Database
    clock: Clock
    quoter: Quoter
    settings: Settings

    async def materials(self, process: Process) -> tuple[str, ...]:
        """What some workshop has both in stock and a machine of the process for, each once."""
        async with self.database.reading() as session:
            shops = (await repository.market(session)).shops
        return tuple(sorted({name for shop in shops for name in _usable(shop.inventory, process)}))

    async def part(self, buyer: Caller, part_id: str) -> PartView:
        """Raises NotFound."""
        async with self.database.reading() as session:
            return part_view(await part_of(session, buyer, part_id))

    async def price(self, buyer: Caller, form: Form) -> QuoteView:
        """Raises NotFound, Unprocessable, Conflict."""
        draft = await self.quoter.draft(buyer, QuoteRequest(items=form.wanted()))
        async with self.database.writing() as session:
            quote = await self.quoter.keep(session, buyer.id, draft)
            return await quote_view(session, quote, self.clock.now())

    async def order(self, buyer: Caller, quote_id: str, tier: Tier) -> str:
        """The id of the order, also when asked again. Raises NotFound, Conflict, InsufficientFunds."""
        async with self.database.writing() as session:
            placed = await accept(session, buyer, quote_id, tier, self.clock.now())
        self.database.waker.ring()
        return placed.id


def _usable(inventory: Inventory, process: Process) -> set[str]:
    machines = [machine for machine in inventory.machines if machine.process is process]
    taken = {material.casefold() for machine in machines for material in machine.materials}
    return {stock.material for stock in inventory.stock if stock.material.casefold() in taken}
