"""What a buyer has put on the order page so far; it lives as long as the page is open and is nobody else's."""

from dataclasses import dataclass, field

from broker.errors import Unprocessable
from broker.wire.rest import PartView, WantedItem

ANY_MATERIAL = "the cheapest"


@dataclass(slots=True)
class Item:
    """Quantity and material as typed."""

    part: PartView
    quantity: str = "1"
    material: str = ANY_MATERIAL

    def wanted(self) -> WantedItem:
        """Raises Unprocessable for a quantity that is no whole number."""
        try:
            quantity = int(self.quantity)
        except ValueError as error:
            raise Unprocessable(
                f"{self.quantity!r} is no number of pieces", where=self.part.name, fix="type a whole number"
            ) from error
        material = None if self.material == ANY_MATERIAL else self.material
        return WantedItem(part_id=self.part.id, quantity=quantity, material=material)


@dataclass(slots=True)
class Form:
    items: list[Item] = field(default_factory=list)
    changes: int = 0
    """Counts every change, so that a price for what is no longer asked shows as such."""

    def wanted(self) -> tuple[WantedItem, ...]:
        """Raises Unprocessable."""
        if not self.items:
            raise Unprocessable("there is nothing to price", where="files", fix="drop a file first")
        return tuple(item.wanted() for item in self.items)
