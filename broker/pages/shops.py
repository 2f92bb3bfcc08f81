"""The workshops as rows say, read for a page."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from broker.wire.messages import Availability
from broker.wire.shop import Inventory, MachineSpec
from broker.wire.tracking import Link
from broker.workshops import repository
from broker.workshops.liveness import link
from broker.workshops.models import Agent, Machine, Workshop


@dataclass(frozen=True, slots=True)
class ShopMachine:
    name: str
    spec: MachineSpec
    availability: Availability
    reason: str


@dataclass(frozen=True, slots=True)
class Shop:
    id: str
    name: str
    place: str
    position: tuple[float, float] | None
    """Latitude and longitude in degrees."""
    link: Link
    materials: tuple[str, ...]
    machines: tuple[ShopMachine, ...]


async def shops(session: AsyncSession, now: datetime) -> tuple[Shop, ...]:
    agents = {agent.workshop_id: agent for agent in await repository.agents(session)}
    machines = await repository.machines(session)
    return tuple(
        _shop(row, agents.get(row.id), [machine for machine in machines if machine.workshop_id == row.id], now)
        for row in await repository.workshops(session)
    )


def _shop(row: Workshop, agent: Agent | None, machines: list[Machine], now: datetime) -> Shop:
    position = None if row.latitude is None or row.longitude is None else (row.latitude, row.longitude)
    return Shop(
        id=row.id,
        name=row.name,
        place=", ".join(word for word in (row.town, row.country) if word),
        position=position,
        link=link(agent.last_seen_at if agent else None, now),
        materials=_stock(row),
        machines=tuple(_machine(machine) for machine in machines),
    )


def _stock(row: Workshop) -> tuple[str, ...]:
    if row.inventory is None:
        return ()
    return tuple(sorted({stock.material for stock in Inventory.model_validate_json(row.inventory).stock}))


def _machine(row: Machine) -> ShopMachine:
    return ShopMachine(row.name, MachineSpec.model_validate_json(row.spec), row.availability, row.reason)
