"""What the scheduling core is asked and what it answers: frozen arrays in, frozen arrays out.

Indices are positions in the problem's own arrays: L lines, S shapes, M machines, W workshops, F families.
Times are seconds from the plan's zero; lengths mm; money minor units.

A plate's clock: its machine is empty; one person of the workshop clears it and sets it up for `clear_s`, and for
`change_s` more where the family changes; the machine starts as that ends (`start_s`) and runs for `plate_s` plus
the pieces' seconds (until `end_s`). A workshop's person does one such set-up at a time.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from broker.scheduling.shapes import Floats, Pose, Shape

__all__ = ["Excluded", "Floats", "Ints", "Placed", "PlannedPlate", "Pose", "Problem", "Result", "Shape", "Unplanned"]

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Problem:
    """Lots to make, machines to make them on, people to start them.

    A family is what may share a plate without a change: process, material, settings.
    """

    line_shape: Ints
    """[L] index into `shapes`."""
    line_quantity: Ints
    """[L] pieces still to make, >= 0."""
    line_family: Ints
    """[L] in 0..F-1."""
    line_release_s: Floats
    """[L] earliest start."""
    line_due_s: Floats
    """[L] wanted at the buyer's; may be inf."""
    line_weight: Floats
    """[L] cost of a second of tardiness, > 0."""
    piece_s: Floats
    """[L, M] machine seconds per piece; inf where the machine can't make it for a reason other than shape."""
    exclusion: tuple[tuple[str, ...], ...]
    """[L][M] reason for an inf in `piece_s`, else ""."""
    shapes: tuple[Shape, ...]
    machine_workshop: Ints
    """[M] in 0..W-1."""
    machine_usable_mm: Floats
    """[M, 4] x0, y0, x1, y1 within which every outline must lie, in bed coordinates."""
    machine_height_mm: Floats
    """[M] tallest part."""
    machine_spacing_mm: Floats
    """[M] least distance between outlines."""
    machine_ready_s: Floats
    """[M] when it is free; inf: not at all."""
    machine_family: Ints
    """[M] family loaded now, -1: none known."""
    plate_s: Floats
    """[M] fixed machine seconds per plate (homing, heat-up)."""
    change_s: Floats
    """[M] seconds of a person for a change of family."""
    clear_s: Floats
    """[M] seconds of a person to clear and set up for every plate."""
    machine_cost_per_s: Floats
    """[M]"""
    ship_s: Floats
    """[W] shipping leg to the buyer."""
    ship_cost: Floats
    """[W] per parcel."""
    line_order: Ints | None = None
    """[L] order a line belongs to, >= 0: one parcel per order and workshop. None: all lines are one order's."""

    def __post_init__(self) -> None:
        """Refuse what can't be planned.

        Raises
        ------
        ProblemError
            One of its kinds (`scheduling.errors`), naming the field and the place in it.
        """
        # Imported here because the checks are written over this very class.
        from broker.scheduling.validate import check_problem

        check_problem(self)


@dataclass(frozen=True, slots=True)
class Placed:
    """Copies of one line on a plate: `at[k, 3]` float64 rows x, y, angle_deg.

    A copy is the pose's outline turned by angle_deg counter-clockwise about its origin, then moved by (x, y).
    """

    line: int
    pose: int
    at: Floats


@dataclass(frozen=True, slots=True)
class PlannedPlate:
    machine: int
    family: int
    start_s: float
    end_s: float
    placed: tuple[Placed, ...]


@dataclass(frozen=True, slots=True)
class Excluded:
    """Why a machine can't make a line: which limit, by how much."""

    line: int
    machine: int
    reason: str


@dataclass(frozen=True, slots=True)
class Unplanned:
    line: int
    pieces: int
    reason: str


@dataclass(frozen=True, slots=True)
class Result:
    plates: tuple[PlannedPlate, ...]
    """In order of start."""
    excluded: tuple[Excluded, ...]
    unplanned: tuple[Unplanned, ...]
    tardiness: float
    """Σ weight × seconds late at the buyer's, a line's lateness being that of its last piece."""
    cost: float
    """Minor units: machines while running and set up, and a parcel per order and workshop."""
    makespan_s: float
    """Last plate's end."""
    bound_makespan_s: float
    """No plan of the same pieces ends earlier."""
