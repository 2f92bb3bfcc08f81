"""What there is to plan and where, as plain facts: the planner's view of the rows at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from broker.wire.plates import Recipe
from broker.wire.shop import Inventory, MachineSpec, Process, Stock
from broker.wire.tiers import Tier
from slicer_bridge.facts import PartFacts


@dataclass(frozen=True, slots=True)
class OpenLine:
    """Pieces of a line that nobody makes yet."""

    id: str
    order_id: str
    name: str
    facts: PartFacts
    pieces: int
    process: Process
    material: str
    recipe: Recipe
    due_at: datetime | None
    barred_workshops: Mapping[str, str]
    """Reason by workshop id: it declined, or its lot has gone."""
    barred_machines: Mapping[str, str]
    """Reason by machine id: its agent refused such plates."""
    share: bool = True
    """May lie on a plate with other orders' pieces."""
    tier: Tier = Tier.STANDARD
    """How much its waiting counts."""


@dataclass(frozen=True, slots=True)
class Station:
    """A machine with what the plan needs of its workshop."""

    machine_id: str
    workshop_id: str
    workshop: str
    spec: MachineSpec
    inventory: Inventory
    ready_s: float
    """Seconds from now until it has made what it was given."""
    loaded: str | None
    """Material of its latest run."""
    idle_because: str
    """Why it takes no work now; "" if it does."""

    def stock(self, material: str) -> Stock | None:
        """The shop's stock of a material that this machine takes."""
        wanted = material.casefold()
        if wanted not in {taken.casefold() for taken in self.spec.materials}:
            return None
        return next((stock for stock in self.inventory.stock if stock.material.casefold() == wanted), None)


@dataclass(frozen=True, slots=True)
class Situation:
    taken_at: datetime
    lines: tuple[OpenLine, ...]
    stations: tuple[Station, ...]

    @property
    def mark(self) -> tuple[object, ...]:
        """Equal for situations in which the same can be planned."""
        return (
            *(
                (line.id, line.pieces, *sorted(line.barred_workshops), *sorted(line.barred_machines))
                for line in self.lines
            ),
            *(
                (station.machine_id, bool(station.idle_because), station.spec, station.inventory.stock)
                for station in self.stations
            ),
        )
