"""The broker's REST as the rig reads it: as any outsider, by HTTP and from its published form."""

from datetime import datetime

import httpx
from pydantic import BaseModel, ConfigDict, TypeAdapter


class Seen(BaseModel):
    """What the rig doesn't need of an answer it doesn't read."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Plated(Seen):
    name: str
    lot: str
    height_mm: float
    outline: tuple[tuple[float, float], ...]
    placements: tuple[tuple[float, float, float], ...]


class PlateDocument(Seen):
    process: str
    material: str
    size_mm: tuple[float, float]
    usable_mm: tuple[float, float, float, float]
    thickness_mm: float
    parts: tuple[Plated, ...]


class PlateSeen(Seen):
    id: str
    run: str
    workshop: str
    machine: str
    document: PlateDocument


class LotPieces(Seen):
    lot: str
    line: str
    pieces: int


class Step(Seen):
    state: str
    at: datetime


class RunSeen(Seen):
    id: str
    order_ids: tuple[str, ...]
    workshop: str
    machine: str
    driver: str
    state: str
    states: tuple[str, ...]
    steps: tuple[Step, ...]
    plate: str
    lots: tuple[LotPieces, ...]
    lines_done: int
    lines_total: int
    note: str


class LotSeen(Seen):
    id: str
    line: str
    workshop: str
    state: str
    quantity: int
    good: int
    scrap: int


class ExcludedSeen(Seen):
    line: str
    part: str
    workshop: str
    machine: str
    reason: str


class MachineSeen(Seen):
    name: str
    availability: str
    reason: str


class WorkshopSeen(Seen):
    name: str
    town: str
    link: str
    machines: tuple[MachineSeen, ...]


class LineSeen(Seen):
    id: str
    part_id: str
    name: str
    process: str
    material: str
    ordered: int
    good: int
    scrap: int


class QuoteLineSeen(Seen):
    kind: str
    text: str
    amount: int
    item_id: str | None = None


class QuoteItemSeen(Seen):
    id: str
    name: str
    quantity: int
    material: str


class QuoteSeen(Seen):
    id: str
    currency: str
    total: int
    items: tuple[QuoteItemSeen, ...]
    lines: tuple[QuoteLineSeen, ...]


class LedgerSeen(Seen):
    balance: int
    held: int
    paid: int


class DrawnPart(Seen):
    """Of a drawing: its outer contour and its holes, mm."""

    outline: tuple[tuple[float, float], ...]
    holes: tuple[tuple[tuple[float, float], ...], ...]


class PartFactsSeen(Seen):
    drawing: DrawnPart | None


class PartSeen(Seen):
    id: str
    name: str
    facts: PartFactsSeen


class OrderSeen(Seen):
    id: str
    state: str
    lines: tuple[LineSeen, ...]
    quote: QuoteSeen
    ledger: LedgerSeen


class Broker:
    """Reads with a producer's or an administrator's token. Raises httpx.HTTPError."""

    def __init__(self, url: str, token: str) -> None:
        self._http = httpx.Client(
            base_url=f"{url}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=httpx.Timeout(30.0)
        )

    def close(self) -> None:
        self._http.close()

    def _get(self, path: str, **query: str) -> bytes:
        return self._http.get(path, params=query).raise_for_status().content

    def workshops(self) -> tuple[WorkshopSeen, ...]:
        return TypeAdapter(tuple[WorkshopSeen, ...]).validate_json(self._get("/workshops"))

    def live_runs(self) -> tuple[RunSeen, ...]:
        return TypeAdapter(tuple[RunSeen, ...]).validate_json(self._get("/runs", live="1"))

    def order(self, order: str) -> OrderSeen:
        return OrderSeen.model_validate_json(self._get(f"/orders/{order}"))

    def part(self, part: str) -> PartSeen:
        return PartSeen.model_validate_json(self._get(f"/parts/{part}"))

    def runs(self, order: str) -> tuple[RunSeen, ...]:
        return TypeAdapter(tuple[RunSeen, ...]).validate_json(self._get(f"/orders/{order}/runs"))

    def plates(self, order: str) -> tuple[PlateSeen, ...]:
        return TypeAdapter(tuple[PlateSeen, ...]).validate_json(self._get(f"/orders/{order}/plates"))

    def lots(self, order: str) -> tuple[LotSeen, ...]:
        return TypeAdapter(tuple[LotSeen, ...]).validate_json(self._get(f"/orders/{order}/lots"))

    def excluded(self, order: str) -> tuple[ExcludedSeen, ...]:
        return TypeAdapter(tuple[ExcludedSeen, ...]).validate_json(self._get(f"/orders/{order}/excluded"))
