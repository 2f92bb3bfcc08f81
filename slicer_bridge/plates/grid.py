"""Copies of one part in rows on a bed: for a plate of one kind. Whatever is mixed is nested elsewhere."""

from slicer_bridge.errors import SlicerFailed
from slicer_bridge.plates.plate import Placement


def grid(
    size_mm: tuple[float, float], count: int, bed_mm: tuple[float, float], gap_mm: float, margin_mm: float = 0.0
) -> tuple[Placement, ...]:
    """`count` places for boxes of `size_mm`, as a block in the middle of the bed, as square as it can be.

    `gap_mm` lies between neighbours, `margin_mm` round all of them. Raises SlicerFailed if they don't fit.
    """
    if count < 1:
        raise SlicerFailed(f"{count} copies: at least one")
    room = [side - 2 * margin_mm for side in bed_mm]
    most = [max(0, int((side + gap_mm + 1e-9) // (size + gap_mm))) for side, size in zip(room, size_mm, strict=True)]
    if count == 1:
        most = [1, 1]  # whether it fits is for the slicer's own check to say
    if most[0] * most[1] < count:
        raise SlicerFailed(
            f"{count} copies of {size_mm[0]:.2f} × {size_mm[1]:.2f} mm, {gap_mm:g} mm apart, don't fit on "
            f"{bed_mm[0]:g} × {bed_mm[1]:g} mm: {most[0] * most[1]} do, in rows"
        )
    pitch = (size_mm[0] + gap_mm, size_mm[1] + gap_mm)
    columns = min(range(1, most[0] + 1), key=lambda n: _unevenness(n, count, pitch, most[1]))
    rows = -(-count // columns)
    low_x = (bed_mm[0] - (columns * pitch[0] - gap_mm)) / 2
    low_y = (bed_mm[1] - (rows * pitch[1] - gap_mm)) / 2
    return tuple(Placement(low_x + n % columns * pitch[0], low_y + n // columns * pitch[1]) for n in range(count))


def _unevenness(columns: int, count: int, pitch: tuple[float, float], most_rows: int) -> tuple[bool, float]:
    rows = -(-count // columns)
    return rows > most_rows, abs(columns * pitch[0] - rows * pitch[1])
