from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from broker.accounts.models import Account
from broker.database import Workshops
from broker.orders.models import Line, Lot, LotState, Order
from broker.parts.models import Part
from broker.quotes.models import Quote
from broker.rows import Rows


class OrderBook(Rows, Protocol):
    """What the rules look up of orders, their lines and lots."""

    async def locked_lot(self, lot_id: str) -> Lot | None:
        """The lot as it is now, held until the transaction's end."""
        ...

    async def lot_of(self, line_id: str, workshop_id: str) -> Lot | None:
        """The one that hasn't gone."""
        ...

    async def lots_by_id(self, ids: Iterable[str]) -> Mapping[str, Lot]: ...

    async def lots_of_lines(self, line_ids: Iterable[str]) -> Sequence[Lot]: ...

    async def lots_of_order(self, order_id: str) -> Sequence[Lot]: ...

    async def lots_in_state(self, among: Workshops, state: LotState) -> Sequence[tuple[Lot, Line, Order]]:
        """Of orders that are being made."""
        ...

    async def line(self, line_id: str) -> Line: ...

    async def find_line(self, line_id: str) -> Line | None: ...

    async def lines_of_order(self, order_id: str) -> Sequence[Line]: ...

    async def lines_of_lots(self, lot_ids: Iterable[str]) -> Mapping[str, Line]:
        """The line of each lot."""
        ...

    async def open_lines(self) -> Sequence[tuple[Line, Order]]:
        """Lines of orders that are being made, the oldest order first."""
        ...

    async def good_by_line(self, line_ids: Iterable[str]) -> Mapping[str, int]: ...

    async def locked_order(self, order_id: str) -> Order: ...

    async def parts(self, ids: Iterable[str]) -> Mapping[str, Part]: ...

    async def quotes(self, ids: Iterable[str]) -> Mapping[str, Quote]: ...

    async def accounts(self, ids: Iterable[str]) -> Mapping[str, Account]: ...

    async def pay_out(self, order: Order, earned: Mapping[str, int], now: datetime) -> None:
        """Give the order's held money to those who earned it (minor units by workshop); the rest is the fee."""
        ...
