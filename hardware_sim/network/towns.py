"""The demo's network: three workshops in three towns of Asturias, and what stands in each.

The towns are real, the workshops are not. Prices are in euro cents.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SimMachine:
    name: str
    firmware: str
    """marlin or grbl."""
    volume_mm: tuple[float, float, float]
    tool_mm: float
    skips_objects: bool = False
    """A printer whose firmware was built so that it can leave objects of a plate out."""

    @property
    def process(self) -> str:
        return "cut2d" if self.firmware == "grbl" else "fdm"


@dataclass(frozen=True, slots=True)
class SimShop:
    name: str
    town: str
    latitude: float
    longitude: float
    machine_per_h: int
    labour_per_h: int
    machines: tuple[SimMachine, ...]


@dataclass(frozen=True, slots=True)
class SimMaterial:
    """Filament, or sheet where `sheet_mm` is given."""

    name: str
    process: str
    price: int
    """Per kg of filament, per sheet otherwise."""
    density_g_cm3: float = 1.24
    sheet_mm: tuple[float, float, float] | None = None


MATERIALS = (
    SimMaterial("PLA", "fdm", 1900, 1.24),
    SimMaterial("PETG", "fdm", 2300, 1.27),
    SimMaterial("plywood-3", "cut2d", 650, 0.6, (580.0, 380.0, 3.0)),
)

SHOPS = (
    SimShop(
        "Nava",
        "Nava",
        43.3583,
        -5.5078,
        280,
        1700,
        (
            SimMachine("printer-250", "marlin", (250.0, 210.0, 210.0), 0.4),
            SimMachine("printer-180", "marlin", (180.0, 180.0, 180.0), 0.4),
        ),
    ),
    SimShop(
        "Villaviciosa",
        "Villaviciosa",
        43.4812,
        -5.4357,
        300,
        1800,
        (SimMachine("printer-220", "marlin", (220.0, 220.0, 250.0), 0.4),),
    ),
    SimShop(
        "Gijon",
        "Gijón",
        43.5453,
        -5.6619,
        900,
        2000,
        (SimMachine("router-600", "grbl", (600.0, 400.0, 80.0), 3.0),),
    ),
)


def materials_for(process: str) -> tuple[SimMaterial, ...]:
    return tuple(material for material in MATERIALS if material.process == process)
