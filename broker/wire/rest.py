"""What producers and broker say to each other over REST: the client and the endpoints share these models."""

from datetime import datetime

from pydantic import Field

from broker.wire.base import Wire
from broker.wire.plates import Recipe
from broker.wire.shop import Process
from broker.wire.tiers import Tier
from slicer_bridge.facts import Finding, PartFacts


class Problem(Wire):
    """RFC 9457; `where` names the field, file or line, `fix` what to do."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    where: str | None = None
    fix: str | None = None


class Health(Wire):
    status: str
    version: str
    process: str = ""
    """The broker process that answers."""
    leader: str | None = None
    """The process that plans, as last heard; None: nobody does at the moment."""


class PartView(Wire):
    id: str
    name: str
    facts: PartFacts
    created_at: datetime


class WantedItem(Wire):
    """`process` follows from the file where it is left out; `material` None takes the cheapest that anybody stocks."""

    part_id: str
    quantity: int
    material: str | None = None
    process: Process | None = None
    recipe: Recipe | None = None
    share: bool = True
    """May lie on a plate with other pieces."""


class QuoteRequest(Wire):
    items: tuple[WantedItem, ...] = Field(min_length=1)


class LeftOutView(Wire):
    """A machine that can't make an item, and which of its limits is in the way."""

    workshop: str
    machine: str
    reason: str


class QuoteItemView(Wire):
    id: str
    part_id: str
    name: str
    quantity: int
    process: Process
    material: str
    recipe: Recipe
    share: bool = True
    machine_s: float
    """Estimated machine seconds per piece."""
    size_mm: tuple[float, ...]
    """Three of a mesh, two of a drawing."""
    findings: tuple[Finding, ...]
    left_out: tuple[LeftOutView, ...]


class QuoteLineView(Wire):
    """One line of a price in minor units; the lines sum to the total."""

    kind: str
    """machine, material, setup, labour, shipping, fee."""
    text: str
    amount: int
    item_id: str | None = None


class QuoteTierView(Wire):
    """A lead time on offer: its price in minor units, and when the parts are promised and expected."""

    tier: Tier
    total: int
    due_at: datetime | None
    """When the parts are promised."""
    arrival_at: datetime | None
    """When the plan has them arrive, without what is allowed for mishaps; unknown of quotes before tiers."""
    lines: tuple[QuoteLineView, ...]


class QuoteView(Wire):
    """`total`, `due_at` and `lines` are the standard tier's, or the accepted one's once one is accepted: `tier`'s."""

    id: str
    state: str
    """open, accepted, expired."""
    currency: str
    tier: Tier
    total: int
    created_at: datetime
    expires_at: datetime
    due_at: datetime | None
    """When the parts are promised."""
    items: tuple[QuoteItemView, ...]
    lines: tuple[QuoteLineView, ...]
    tiers: tuple[QuoteTierView, ...]
    """The soonest first; standard is always there, others where they are sooner or cheaper."""


class AcceptRequest(Wire):
    """Which of the quote's lead times is ordered."""

    tier: Tier = Tier.STANDARD


class LotView(Wire):
    """What one workshop makes of a line."""

    id: str
    workshop: str
    state: str
    quantity: int
    good: int
    scrap: int


class LineView(Wire):
    id: str
    part_id: str
    name: str
    process: Process
    material: str
    share: bool = True
    """May lie on a plate with other pieces."""
    ordered: int
    good: int
    scrap: int
    amount: int
    """What the workshops that make it earn, in minor units."""
    lots: tuple[LotView, ...]


class LedgerView(Wire):
    """Minor units: sum of all entries of the order's transfers (0, always), still held, paid out of the hold."""

    balance: int
    held: int
    paid: int


class OrderSummary(Wire):
    id: str
    tier: Tier
    state: str
    """accepted, delivered, cancelled."""
    created_at: datetime
    due_at: datetime | None
    delivered_at: datetime | None
    currency: str
    total: int
    ordered: int
    good: int
    scrap: int


class OrderView(OrderSummary):
    lines: tuple[LineView, ...]
    quote: QuoteView
    ledger: LedgerView


class OrderList(Wire):
    """Newest first."""

    orders: tuple[OrderSummary, ...]
