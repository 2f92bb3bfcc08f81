"""How a workshop enrols, and what it says of itself."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from broker.wire.base import Wire


class Process(StrEnum):
    FDM = "fdm"
    CUT2D = "cut2d"


Money = Annotated[int, Field(ge=0, le=10**9)]
"""A price in minor units: one shop's slip must not spoil everybody's books."""
Length = Annotated[float, Field(gt=0, le=20_000, allow_inf_nan=False)]
"""Of something that is there, mm: the plan is everybody's, and has no room for a bed without end."""
Gap = Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]
"""Between things, mm."""
Spot = Annotated[float, Field(ge=-20_000, le=20_000, allow_inf_nan=False)]
"""A coordinate of the bed, mm."""


def _with_an_area(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = box
    if x1 <= x0 or y1 <= y0:
        raise ValueError(f"{list(box)} has no area: say x and y of the lower left, then of the upper right corner")
    return box


Zone = Annotated[tuple[Spot, Spot, Spot, Spot], AfterValidator(_with_an_area)]
"""A rectangle: x, y of its lower left and of its upper right corner."""
_MOST = 500
"""Machines, stocks or windows of one shop."""


class Rates(Wire):
    """What a shop asks, in minor units of `currency`."""

    currency: str = "EUR"
    machine_per_h: Money = 300
    labour_per_h: Money = 1800
    setup: Money = 100
    """Per plate started."""
    shipping: Money = 450
    """Per parcel."""


class Stock(Wire):
    """A material the shop has: filament by mass, sheet by pieces of one thickness."""

    material: str
    price_per_kg: Money = 0
    """Minor units; for filament."""
    density_g_cm3: float = Field(default=1.24, gt=0, le=25, allow_inf_nan=False)
    sheet_mm: tuple[Length, Length, Length] | None = None
    """Width, depth, thickness; None for filament."""
    price_per_sheet: Money = 0


BY_HAND = "by_hand"
"""The driver of machines without a link."""


class MachineSpec(Wire):
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,40}$")
    driver: str
    process: Process
    volume_mm: tuple[Length, Length, Length]
    """Usable travel: width, depth, height."""
    margin_mm: Gap = 3.0
    spacing_mm: Gap = 6.0
    keep_out_mm: tuple[Zone, ...] = Field(default=(), max_length=_MOST, exclude_if=lambda zones: not zones)
    """Of the bed, where clamps stand or a nozzle is wiped: no part lies there."""
    materials: tuple[str, ...]
    """What this machine may be loaded with; each names a `Stock` of the shop."""
    tool_mm: Length = 0.4
    """Nozzle, or cutter diameter."""
    attended: bool = False
    """True: somebody must be present from start to end (spindle, beam)."""

    @property
    def attested(self) -> bool:
        """Run by hand: what becomes of its runs is what a person says, and nothing is measured."""
        return self.driver == BY_HAND


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
    attended: tuple[Window, ...] = Field(max_length=_MOST)
    """None: always."""
    # What is as usual goes unsaid: a broker that is older knows neither.
    operators: int = Field(default=1, ge=1, le=_MOST, exclude_if=lambda number: number == 1)
    """People who can set machines up at once."""
    share_plates: bool = Field(default=True, exclude_if=bool)
    """Pieces of several orders may lie on one plate."""
    rates: Rates
    stock: tuple[Stock, ...] = Field(max_length=_MOST)
    machines: tuple[MachineSpec, ...] = Field(max_length=_MOST)


class Enrolment(Wire):
    """Body of `POST /api/v1/agents/enroll`; `public_key` is base64 of the 32 raw Ed25519 bytes."""

    code: str
    public_key: str


class Enrolled(Wire):
    agent: str
    workshop: str


class NextKey(Wire):
    """Body of `POST /api/v1/agents/keys`: the key that is to follow the agent's present one. May be repeated.

    Both keys sign the text of `broker.wire.signing.key_text`. The new key becomes the agent's with the first hello
    that it signs; the old one says hello no more then. Events that it signed are taken for 30 days more.
    """

    agent: str
    time: str
    public_key: str
    signature: str
    """By the present key."""
    possession: str
    """By the new key."""
