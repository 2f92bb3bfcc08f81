"""A planned run as the document that a shop fetches."""

from collections.abc import Mapping

from broker.planning.kinds import Kind
from broker.planning.posing import Posed
from broker.planning.situation import OpenLine
from broker.scheduling.plates.placed import Layout, Placed
from broker.wire.plates import Plate, PlatedPart
from broker.wire.shop import Process


def document(posed: Posed, machine: int, layout: Layout, lots: Mapping[str, str]) -> Plate:
    """`lots`: the workshop's lot by line id."""
    kind = posed.kind(machine)
    first = posed.lines[layout[0].lot]
    stock = posed.stations[machine].stock(first.material)
    return Plate(
        process=first.process,
        # The shop's own spelling: its operator confirms what is loaded in these words.
        material=stock.material if stock else first.material,
        size_mm=kind.size_mm(first.material),
        usable_mm=kind.usable_mm(first.material),
        thickness_mm=kind.thickness_mm(first.material) if first.process is Process.CUT2D else 0.0,
        recipe=first.recipe,
        parts=tuple(_part(posed.lines[placed.lot], placed, lots, kind) for placed in layout),
    )


def pieces_by_line(posed: Posed, layout: Layout) -> dict[str, int]:
    total: dict[str, int] = {}
    for placed in layout:
        line = posed.lines[placed.lot].id
        total[line] = total.get(line, 0) + len(placed.at)
    return total


def _part(line: OpenLine, placed: Placed, lots: Mapping[str, str], kind: Kind) -> PlatedPart:
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
        height_mm=kind.thickness_mm(line.material),
        outline=facts.drawing.outline,
        placements=placements,
    )
