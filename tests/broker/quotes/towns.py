"""Two workshops as their agents would describe them."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from broker.wire.shop import Inventory, MachineSpec, Process, Rates, Stock
from broker.workshops.models import Workshop

UNO = Inventory(
    workshop="Taller Uno",
    town="Oviedo",
    country="ES",
    latitude=43.36,
    longitude=-5.85,
    attended=(),
    rates=Rates(machine_per_h=300, labour_per_h=1800, setup=100, shipping=450),
    stock=(Stock(material="PLA", price_per_kg=2400), Stock(material="PETG", price_per_kg=2900, density_g_cm3=1.27)),
    machines=(
        MachineSpec(
            name="prusa", driver="marlin", process=Process.FDM, volume_mm=(250, 210, 210), materials=("PLA", "PETG")
        ),
    ),
)
DOS = Inventory(
    workshop="Taller Dos",
    town="Gijón",
    country="ES",
    latitude=43.54,
    longitude=-5.66,
    attended=(),
    rates=Rates(machine_per_h=900, labour_per_h=2000, setup=300, shipping=601),
    stock=(Stock(material="plywood", sheet_mm=(600, 400, 4), price_per_sheet=1100), Stock(material="pla")),
    machines=(
        MachineSpec(
            name="router", driver="grbl", process=Process.CUT2D, volume_mm=(600, 400, 60), materials=("plywood",)
        ),
    ),
)


def settle(session: AsyncSession, now: datetime) -> None:
    for number, inventory in enumerate((UNO, DOS), start=1):
        text = inventory.model_dump_json()
        session.add(Workshop(id=f"wsh_{number}", name=inventory.workshop, inventory=text, created_at=now))
