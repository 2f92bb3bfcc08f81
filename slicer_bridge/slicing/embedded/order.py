"""What the embedded slicer's child is told, and what it answers, as files in its folder."""

from dataclasses import dataclass

from pydantic import TypeAdapter

from slicer_bridge.slicing.profile import FilamentProfile, PrinterProfile, Recipe

ORDER, ANSWER, PROGRAM = "order.json", "answer.json", "out.gcode"


@dataclass(frozen=True, slots=True)
class OrderedObject:
    """One mesh, and where its copies are moved to (x, y), mm."""

    file: str
    name: str
    moves: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Order:
    version: str
    printer: PrinterProfile
    recipe: Recipe
    material: FilamentProfile
    start: str
    end: str
    objects: tuple[OrderedObject, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """`notes`: what was left out, of which object and why."""

    seconds: float
    notes: tuple[str, ...]


ORDERS, ANSWERS = TypeAdapter(Order), TypeAdapter(Answer)
