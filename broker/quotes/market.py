"""What the workshops offer, as far as a price needs it: their rates and the materials they stock."""

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
        """The workshops' own spelling of a material; None takes the one that most of them stock.

        Raises Unprocessable for a material that nobody has, naming those that somebody has.
        """
        known = self._known(process)
        if not known:
            raise Unprocessable(
                f"no workshop has a machine with material for {process}", where=where, fix="wait until one joins"
            )
        if wanted is None:
            return max(sorted(known), key=lambda material: known[material])
        for material in sorted(known):
            if material.casefold() == wanted.strip().casefold():
                return material
        raise Unprocessable(
            f"no workshop has the material {wanted!r} for {process}", where=where, fix=f"take {_either(sorted(known))}"
        )

    def _known(self, process: Process) -> dict[str, int]:
        """Materials and how many shops have both the stock and a machine that takes it."""
        known: dict[str, int] = {}
        spelling: dict[str, str] = {}
        for shop in self.shops:
            for folded, material in sorted(_usable(shop.inventory, process)):
                name = spelling.setdefault(folded, material)
                known[name] = known.get(name, 0) + 1
        return known


def _usable(inventory: Inventory, process: Process) -> set[tuple[str, str]]:
    machines = [machine for machine in inventory.machines if machine.process is process]
    taken = {material.casefold() for machine in machines for material in machine.materials}
    return {
        (stock.material.casefold(), stock.material) for stock in inventory.stock if stock.material.casefold() in taken
    }


def _either(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def one_currency(shops: Iterable[Shop], currency: str) -> None:
    """Raises Unprocessable for a shop that asks in another currency: there is no exchange."""
    for shop in shops:
        asked = shop.inventory.rates.currency
        if asked != currency:
            raise Unprocessable(f"{shop.name} asks in {asked}, and this broker reckons in {currency}", where="currency")
