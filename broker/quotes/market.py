"""What the workshops offer, as far as a price needs it: their rates and the materials they stock."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from broker.errors import Conflict, Unprocessable
from broker.wire.shop import Inventory, Process, Stock


@dataclass(frozen=True, slots=True)
class Shop:
    id: str
    name: str
    inventory: Inventory

    def stock(self, material: str) -> Stock | None:
        wanted = material.casefold()
        return next((stock for stock in self.inventory.stock if stock.material.casefold() == wanted), None)


@dataclass(frozen=True, slots=True)
class Market:
    shops: tuple[Shop, ...]

    def shop(self, workshop_id: str) -> Shop:
        """Raises Conflict if it has left since the plan was made."""
        found = next((shop for shop in self.shops if shop.id == workshop_id), None)
        if found is None:
            raise Conflict(f"workshop {workshop_id} has just left", where="workshop", fix="ask for the price again")
        return found

    def material(self, wanted: str | None, process: Process, where: str) -> str:
        """The workshops' own spelling of a material; None takes the cheapest for its volume, or a sheet's area.

        Raises Unprocessable for a material that nobody has, naming those that somebody has.
        """
        known = self._known(process)
        if not known:
            raise Unprocessable(
                f"no workshop has a machine with material for {process}", where=where, fix="wait until one joins"
            )
        if wanted is None:
            return min(sorted(known), key=lambda material: known[material])
        for material in sorted(known):
            if material.casefold() == wanted.strip().casefold():
                return material
        raise Unprocessable(
            f"no workshop has the material {wanted!r} for {process}", where=where, fix=f"take {_either(sorted(known))}"
        )

    def _known(self, process: Process) -> dict[str, float]:
        """Materials for which some shop has both the stock and a machine that takes it; each one's lowest price."""
        known: dict[str, float] = {}
        spelling: dict[str, str] = {}
        for shop in self.shops:
            for stock in sorted(_usable(shop.inventory, process), key=lambda stock: stock.material):
                name = spelling.setdefault(stock.material.casefold(), stock.material)
                known[name] = min(known.get(name, math.inf), _unit_price(stock))
        return known


def _usable(inventory: Inventory, process: Process) -> list[Stock]:
    machines = [machine for machine in inventory.machines if machine.process is process]
    taken = {material.casefold() for machine in machines for material in machine.materials}
    return [stock for stock in inventory.stock if stock.material.casefold() in taken]


def _unit_price(stock: Stock) -> float:
    """Minor units for a litre, or for a square metre of sheet."""
    if stock.sheet_mm is None:
        return stock.price_per_kg * stock.density_g_cm3
    return stock.price_per_sheet / (stock.sheet_mm[0] * stock.sheet_mm[1] / 1e6)


def _either(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def one_currency(shops: Iterable[Shop], currency: str) -> None:
    """Raises Unprocessable for a shop that asks in another currency: there is no exchange."""
    for shop in shops:
        asked = shop.inventory.rates.currency
        if asked != currency:
            raise Unprocessable(f"{shop.name} asks in {asked}, and this broker reckons in {currency}", where="currency")
