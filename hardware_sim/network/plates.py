"""From a plate as the broker describes it to the pieces that should be on the bed."""

from collections.abc import Sequence

import numpy as np
from shapely import Polygon
from shapely.affinity import rotate, translate

from hardware_sim.network.api import DrawnPart, Plated, PlateDocument, PlateSeen
from hardware_sim.network.machine import MachineProcess
from hardware_sim.truth.cuts import count_cut
from hardware_sim.truth.expected import Count, Expected
from hardware_sim.truth.prints import count_printed
from hardware_sim.truth.store import read_bed, read_sheet


class NothingToCount(RuntimeError):
    """The machine's own files don't hold what a count needs."""


def whole(shown: Sequence[PlateSeen]) -> PlateSeen:
    """A plate from what each of its orders is shown: of the others' parts only where they lie, without a lot."""
    documents = [one.document for one in shown]
    sides = zip(*(document.parts for document in documents), strict=True)
    parts = tuple(next((part for part in side if part.lot), side[0]) for side in sides)
    return shown[0].model_copy(update={"document": documents[0].model_copy(update={"parts": parts})})


def expected_pieces(plate: PlateDocument, drawings: dict[str, DrawnPart]) -> list[Expected]:
    """Every copy where it was placed, labelled by its lot. `drawings`: lot → the drawing, for its holes."""
    pieces: list[Expected] = []
    for part in plate.parts:
        shape = _shape(part, drawings.get(part.lot))
        height = plate.thickness_mm if plate.process == "cut2d" else part.height_mm
        for x, y, angle_deg in part.placements:
            turned = rotate(shape, angle_deg, origin=(0.0, 0.0))
            pieces.append(Expected(part.lot, translate(turned, x, y), height))
    return pieces


def _shape(part: Plated, drawing: DrawnPart | None) -> Polygon:
    if drawing is None:
        return Polygon(part.outline)
    return Polygon(drawing.outline, drawing.holes)


def count_bed(machine: MachineProcess, plate: PlateDocument, drawings: dict[str, DrawnPart]) -> Count:
    """What lies on the machine's bed now, by material alone. Raises NothingToCount without a sheet to count from."""
    bed = machine.summary().bed
    rows = read_bed(machine.folder, bed)
    expected = expected_pieces(plate, drawings)
    if plate.process != "cut2d":
        return count_printed(rows, expected)
    sheet = read_sheet(machine.folder, bed)
    if sheet is None:
        raise NothingToCount(f"{machine.name}: no sheet was loaded for bed {bed}")
    return count_cut(np.asarray(rows), sheet, expected)
