"""A planned plate as the document that a shop fetches."""

from collections.abc import Mapping

from broker.planning.posing import Column, Posed
from broker.planning.situation import OpenLine
from broker.scheduling.problem import Placed, PlannedPlate
from broker.wire.plates import Plate, PlatedPart
from broker.wire.shop import Process


def document(posed: Posed, planned: PlannedPlate, lots: Mapping[str, str]) -> Plate:
    """`lots`: the workshop's lot by line id."""
    column = posed.columns[planned.machine]
    first = posed.lines[planned.placed[0].line]
    stock = column.station.stock(first.material)
    thickness = column.sheet[2] if column.sheet else 0.0
    return Plate(
        process=first.process,
        # The shop's own spelling: its operator confirms what is loaded in these words.
        material=stock.material if stock else first.material,
        size_mm=column.size_mm,
        usable_mm=column.usable_mm,
        thickness_mm=thickness if first.process is Process.CUT2D else 0.0,
        recipe=first.recipe,
        parts=tuple(_part(posed.lines[placed.line], placed, lots, column) for placed in planned.placed),
    )


def pieces_by_line(posed: Posed, planned: PlannedPlate) -> dict[str, int]:
    total: dict[str, int] = {}
    for placed in planned.placed:
        line = posed.lines[placed.line].id
        total[line] = total.get(line, 0) + len(placed.at)
    return total


def _part(line: OpenLine, placed: Placed, lots: Mapping[str, str], column: Column) -> PlatedPart:
    placements = tuple((float(x), float(y), float(angle)) for x, y, angle in placed.at)
    facts = line.facts
    if facts.mesh is not None:
        way = facts.mesh.orientations[placed.pose]
        return PlatedPart(
            part_sha256=facts.normalised_sha256,
            name=line.name,
            lot=lots[line.id],
            rotation=way.rotation,
            height_mm=way.size_mm[2],
            outline=way.outline,
            placements=placements,
        )
    assert facts.drawing is not None  # a part is a mesh or a drawing
    return PlatedPart(
        part_sha256=facts.normalised_sha256,
        name=line.name,
        lot=lots[line.id],
        height_mm=column.sheet[2] if column.sheet else 0.0,
        outline=facts.drawing.outline,
        placements=placements,
    )
