"""A batch of boxes over several workshops, on whichever brokers are there."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
from sqlalchemy import func, select

from broker.clock import SystemClock
from broker.database import Database
from broker.orders.models import Order, OrderState
from broker.runs.models import Run, RunStep
from broker.wire.shop import Inventory
from broker.wire.states import RunState
from tests.broker.app.process import ran, token_of
from tests.broker.parts.shapes import box_stl
from tests.broker.quotes.towns import UNO
from tests.broker.runs.restored.shop import Shop

PIECES = 12
_WITHIN_S = 90.0


async def until(seen: Callable[[], Awaitable[object]], within_s: float = _WITHIN_S) -> None:
    """Looks again and again."""
    async with asyncio.timeout(within_s):
        while not await seen():  # noqa: ASYNC110  (rows don't ring)
            await asyncio.sleep(0.02)


@dataclass(slots=True)
class Batch:
    folder: Path
    database_url: str
    balancer_url: str
    database: Database
    token: str

    @classmethod
    def begun(cls, folder: Path, database_url: str, balancer_url: str) -> "Batch":
        token = token_of(folder / "broker0", "ana", "--deposit", "10000000", url=database_url)
        return cls(folder, database_url, balancer_url, Database(database_url), token)

    async def shops(self, number: int) -> list[Shop]:
        """One printer each."""
        found = []
        for count in range(number):
            inventory = UNO.model_copy(update={"workshop": f"Taller {count}"})
            found.append(await self._shop(inventory, self.folder / f"agent{count}"))
        return found

    async def _shop(self, inventory: Inventory, folder: Path) -> Shop:
        said = await asyncio.to_thread(
            ran, self.folder / "broker0", "invite", inventory.workshop, "--json", url=self.database_url
        )
        return await Shop.enrolled(self.balancer_url, json.loads(said)["code"], folder, inventory, SystemClock())

    async def order(self, side_mm: float) -> str:
        """Large boxes, a few of which fill a bed; the order's id."""
        headers = {"Authorization": f"Bearer {self.token}"}
        async with httpx.AsyncClient(
            base_url=f"{self.balancer_url}/api/v1", headers=headers, timeout=60, trust_env=False
        ) as client:
            part = await client.post("/parts", files={"file": ("box.stl", box_stl(side_mm, side_mm, 10))})
            item = {"part_id": part.json()["id"], "quantity": PIECES, "material": "PLA"}
            quote = await client.post("/quotes", json={"items": [item]})
            order = await client.post(f"/quotes/{quote.json()['id']}/accept")
        assert order.status_code == 201, order.text
        return str(order.json()["id"])

    async def delivered(self) -> bool:
        async with self.database.reading() as session:
            return set(await session.scalars(select(Order.state))) == {OrderState.DELIVERED}

    async def under_way(self) -> bool:
        async with self.database.reading() as session:
            return bool(await session.scalar(select(func.count()).where(Run.state == RunState.RUNNING)))

    async def claims(self) -> dict[str, int]:
        """How often each run's offer was accepted."""
        query = select(RunStep.run_id, func.count()).where(RunStep.state == RunState.CLAIMED).group_by(RunStep.run_id)
        async with self.database.reading() as session:
            return dict(iter(await session.execute(query)))
