"""A plate's document as a drawing: every copy where it lies."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from broker.drawing.plates import plate_svg
from broker.wire.plates import Plate, PlatedPart

_WIDTH_PX = 420


def draw_plate(plate: Plate, groups: Mapping[str, int], title: str) -> str:
    """SVG, to scale. `groups`: a number for each lot that the reader may see; what lies beside is unnamed."""
    outlines: list[NDArray[np.float64]] = []
    labels: list[str] = []
    colours: list[int] = []
    others = max(groups.values(), default=-1) + 1
    for part in plate.parts:
        for outline in placed(part):
            outlines.append(outline)
            labels.append(part.name if part.lot in groups else "")
            colours.append(groups.get(part.lot, others))
    return plate_svg(plate.size_mm, plate.usable_mm, outlines, labels, colours, title=title, width_px=_WIDTH_PX)


def placed(part: PlatedPart) -> list[NDArray[np.float64]]:
    """Outline `[k, 2]` float64 of each copy on the bed, mm."""
    outline = np.asarray(part.outline, dtype=np.float64)
    return [outline @ _turn(angle_deg).T + (x, y) for x, y, angle_deg in part.placements]


def _turn(angle_deg: float) -> NDArray[np.float64]:
    angle = np.deg2rad(angle_deg)
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
