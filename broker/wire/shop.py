"""How a workshop enrols, and what it says of itself."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from broker.wire.base import Wire


class Process(StrEnum):
    FDM = "fdm"
    CUT2D = "cut2d"


class Rates(Wire):
    """What a shop asks, in minor units of `currency`."""

    currency: str = "EUR"
    machine_per_h: int = 300
    labour_per_h: int = 1800
    setup: int = 100
    """Per plate started."""
    shipping: int = 450
    """Per parcel."""


class Stock(Wire):
    """A material the shop has: filament by mass, sheet by pieces of one thickness."""

    material: str
    price_per_kg: int = 0
    """Minor units; for filament."""
    density_g_cm3: float = 1.24
    sheet_mm: tuple[float, float, float] | None = None
    """Width, depth, thickness; None for filament."""
    price_per_sheet: int = 0


class MachineSpec(Wire):
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,40}$")
    driver: str
    process: Process
    volume_mm: tuple[float, float, float]
    """Usable travel: width, depth, height."""
    margin_mm: float = 3.0
    spacing_mm: float = 6.0
    materials: tuple[str, ...]
    """What this machine may be loaded with; each names a `Stock` of the shop."""
    tool_mm: float = 0.4
    """Nozzle, or cutter diameter."""
    attended: bool = False
    """True: somebody must be present from start to end (spindle, beam)."""


class Window(Wire):
    """Hours in which somebody is there, by local weekday (0 = Monday) and minutes of the day."""

    weekday: int = Field(ge=0, le=6)
    start_min: int = Field(ge=0, le=1440)
    end_min: int = Field(ge=0, le=1440)


class Inventory(Wire):
    """A workshop as its owner describes it; replaces what the broker knew."""

    kind: Literal["inventory"] = "inventory"
    workshop: str
    town: str
    country: str = Field(min_length=2, max_length=2)
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    timezone: str = "UTC"
    attended: tuple[Window, ...]
    rates: Rates
    stock: tuple[Stock, ...]
    machines: tuple[MachineSpec, ...]


class Enrolment(Wire):
    """Body of `POST /api/v1/agents/enroll`; `public_key` is base64 of the 32 raw Ed25519 bytes."""

    code: str
    public_key: str


class Enrolled(Wire):
    agent: str
    workshop: str
