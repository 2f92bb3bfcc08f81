"""Situations made by hand: boxes, panels, printers and routers."""

from dataclasses import replace
from datetime import UTC, datetime

from broker.planning.posing import Posed
from broker.planning.situation import OpenLine, Station
from broker.scheduling.network.check import require_feasible
from broker.scheduling.plates.check import require_laid_out
from broker.scheduling.plates.solve import Plated, solve_plates
from broker.scheduling.stopping import AfterIterations
from broker.wire.plates import Recipe
from broker.wire.shop import Inventory, MachineSpec, Process, Stock
from slicer_bridge.facts import DrawingFacts, MeshFacts, Orientation, PartFacts
from tests.broker.quotes.towns import DOS, UNO

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
UNIT = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


def rectangle(width: float, depth: float) -> tuple[tuple[float, float], ...]:
    return ((0.0, 0.0), (width, 0.0), (width, depth), (0.0, depth))


def box(width: float, depth: float, height: float) -> PartFacts:
    size = (width, depth, height)
    way = Orientation(UNIT, size, rectangle(width, depth), overhang_mm2=0.0, contact_mm2=width * depth)
    area = 2 * (width * depth + width * height + depth * height)
    mesh = MeshFacts(12, 1, True, width * depth * height, area, size, (way,))
    return PartFacts("stl", "mm", "a" * 64, "b" * 64, mesh, None, ())


def panel(width: float, depth: float) -> PartFacts:
    length = 2 * (width + depth)
    drawing = DrawingFacts((width, depth), rectangle(width, depth), (), width * depth, length, 1, 0, None)
    return PartFacts("dxf", "mm", "c" * 64, "d" * 64, None, drawing, ())


def line(name: str, facts: PartFacts, pieces: int = 4, material: str = "PLA") -> OpenLine:
    return OpenLine(
        id=name,
        order_id="ord",
        name=name,
        facts=facts,
        pieces=pieces,
        process=Process.CUT2D if facts.drawing else Process.FDM,
        material=material,
        recipe=Recipe(),
        due_at=None,
        barred_workshops={},
        barred_machines={},
    )


def station(inventory: Inventory, number: int = 0) -> Station:
    spec = inventory.machines[number]
    return Station(
        machine_id=f"mch_{spec.name}",
        workshop_id=f"wsh_{inventory.workshop}",
        workshop=inventory.workshop,
        spec=spec,
        inventory=inventory,
        ready_s=0.0,
        loaded=None,
        idle_because="",
    )


PRINTER = station(UNO)
ROUTER = station(DOS)


def solved(posed: Posed) -> Plated:
    """Its plan, checked."""
    plated = solve_plates(posed.problem, posed.geometry, AfterIterations(20), seed=1)
    require_feasible(plated.problem, plated.result)
    require_laid_out(plated.problem, posed.geometry, plated.result.plan, plated.layouts)
    return plated


def router_with(*sheets: Stock) -> Station:
    spec: MachineSpec = ROUTER.spec.model_copy(update={"materials": tuple(sheet.material for sheet in sheets)})
    inventory = DOS.model_copy(update={"stock": sheets, "machines": (spec,)})
    return replace(ROUTER, spec=spec, inventory=inventory)
