"""What a network of workshops is asked to make, and with what: frozen arrays, checked as they are made.

N lots, C machine classes, M machines, W workshops, F families, Z places that parcels go to, K materials in stock.
Indices are positions in the problem's own arrays. Times are seconds from the plan's zero, money minor units.

**A run's clock.** A machine is empty from the end of its last run. Somebody of its workshop clears it, counts, changes
what is loaded and sets it up: `clear_s + count_s` of its class and `setup_s` from the family loaded to the run's, all
of it between `begin_s` and `start_s`. Then the machine runs for `overhead_s` and its pieces' seconds, until `end_s`.
For the first `watch_s` of that (a first layer) the same person stays. Whoever is busy is so from `begin_s` to
`start_s + watch_s`, within one shift of the workshop, and never more people at once than it has. A class that isn't
`unattended` runs from start to end within that same shift. A run begins no earlier than `now_s`, starts no earlier
than its lots' release, and lies in no time in which its machine is blocked.

**What a plan is worth,** one after the other: the weighted seconds by which lots arrive late, a lot that isn't made
whole counting its `rejection`; then the cost of machines, people, parcels and waiting.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from broker.scheduling.network.objective import Objective

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Lots:
    """What is to be made. Pieces of a lot may be split over runs, machines and workshops."""

    quantity: Ints
    """[N] pieces still to make, >= 0."""
    family: Ints
    """[N] in 0..F-1: what a machine is set up for (process, material, colour, tool, settings)."""
    release_s: Floats
    """[N] no run of it starts earlier."""
    due_s: Floats
    """[N] wanted at its place; inf: whenever."""
    deadline_s: Floats
    """[N] at its place by then or not at all; inf: none."""
    weight: Floats
    """[N] cost of a second late, > 0."""
    rejection: Floats
    """[N] cost of not making all of it, in weighted seconds, >= 0."""
    waiting_cost: Floats
    """[N] minor units for each second until it has arrived, >= 0: what an early arrival is worth."""
    order: Ints
    """[N] order it belongs to: lots of one order from one workshop go in one parcel."""
    place: Ints
    """[N] in 0..Z-1."""
    share: Ints
    """[N] lots of one family and one number here may lie on one plate together; -1: on none but its own."""
    material: Ints
    """[N] in 0..K-1, taken from the workshop's stock; -1: of no account."""
    use: Floats
    """[N] of its material for a piece, in the stock's unit, >= 0."""
    piece_s: Floats
    """[N, C] machine seconds a piece, > 0 where `per_plate` isn't 0."""
    per_plate: Ints
    """[N, C] pieces that one run holds at most; 0: the class can't make it."""
    reason: Ints
    """[N, C] index into the problem's `reasons`, of why the class can't make it; 0 where it can."""


@dataclass(frozen=True, slots=True)
class Classes:
    """Kinds of machine: what all of one kind have in common."""

    unattended: Bools
    """[C] its runs may go on with nobody there."""
    overhead_s: Floats
    """[C] machine seconds of every run (homing, heating, probing), >= 0."""
    clear_s: Floats
    """[C] a person's seconds before every run: clearing, making ready, >= 0."""
    count_s: Floats
    """[C] a person's seconds before every run: counting and measuring what the last one made, >= 0."""
    watch_s: Floats
    """[C] a person's seconds after every start, >= 0."""
    cost_per_s: Floats
    """[C] minor units, from begin to end, >= 0."""


@dataclass(frozen=True, slots=True)
class Machines:
    workshop: Ints
    """[M] in 0..W-1."""
    kind: Ints
    """[M] class, in 0..C-1."""
    ready_s: Floats
    """[M] when what it does now has ended; inf: it takes no work."""
    family: Ints
    """[M] family loaded at `ready_s`, in 0..F; F: none."""
    block_machine: Ints
    """[B] a machine that is taken (repair, the shop's own work)."""
    block_s: Floats
    """[B, 2] from, until, by machine and then in order, apart from each other."""


@dataclass(frozen=True, slots=True)
class Workshops:
    operators: Ints
    """[W] people who can set machines up at once, >= 0."""
    shift_first: Ints
    """[W + 1] where each workshop's rows of `shift_s` begin; the last is their number."""
    shift_s: Floats
    """[A, 2] from, until, by workshop and then in order, apart from each other: when somebody is there."""
    ship_s: Floats
    """[Z, W] from workshop to place; inf: not delivered there."""
    ship_cost: Floats
    """[Z, W] a parcel."""
    operator_cost_per_s: Floats
    """[W]"""
    stock: Floats
    """[W, K] of each material; inf: as much as is wanted."""


@dataclass(frozen=True, slots=True)
class Barred:
    """Single machines that mustn't make single lots, such as those of a shop that declined."""

    lot: Ints
    """[X]"""
    machine: Ints
    """[X]"""
    reason: Ints
    """[X] index into the problem's `reasons`, > 0."""

    @staticmethod
    def none() -> "Barred":
        empty = np.zeros(0, dtype=np.int64)
        return Barred(empty, empty.copy(), empty.copy())


@dataclass(frozen=True, slots=True)
class Problem:
    lots: Lots
    classes: Classes
    machines: Machines
    workshops: Workshops
    setup_s: Floats
    """[F + 1, F] a person's seconds from the family loaded (last row: none) to the next; the diagonal counts too."""
    horizon_s: float
    """Every run starts before it; it may end after it."""
    now_s: float = 0.0
    """No run begins before it."""
    barred: Barred = field(default_factory=Barred.none)
    reasons: tuple[str, ...] = ("",)
    """Why something can't be made somewhere; the first is empty."""

    def __post_init__(self) -> None:
        """Refuse what can't be planned.

        Raises
        ------
        ProblemError
            One of its kinds (`scheduling.errors`), naming the array, the place in it, and what is wrong.
        """
        # Imported here because the checks are written over this very class.
        from broker.scheduling.network.validate import check_problem

        check_problem(self)


@dataclass(frozen=True, slots=True)
class Plan:
    """Runs, in order of `begin_s` (then machine), and what each makes: R runs, E entries."""

    machine: Ints
    """[R]"""
    begin_s: Floats
    """[R] the change before it begins."""
    start_s: Floats
    """[R] the machine starts."""
    end_s: Floats
    """[R]"""
    entry_first: Ints
    """[R + 1] where each run's entries begin; the last is E."""
    entry_lot: Ints
    """[E] each lot once a run."""
    entry_pieces: Ints
    """[E] > 0."""


@dataclass(frozen=True, slots=True)
class Unplanned:
    lot: int
    pieces: int
    reason: str


@dataclass(frozen=True, slots=True)
class Figures:
    """What a plan is worth, and how well it uses what there is; never one blend of them."""

    tardiness: float
    """Σ weight × seconds late, over lots that are made whole."""
    rejected: float
    """Σ rejection, over lots that aren't."""
    cost: float
    """Minor units: machines, people, parcels, waiting."""
    makespan_s: float
    """Last run's end; 0 without runs."""
    lots_done: int
    machine_use: float
    """Productive (running) seconds within the horizon, over the seconds in which machines may run."""
    earned_use: float
    """The same with each piece at its quickest class's seconds: slow machines and heating earn nothing."""
    plate_fill: float
    """Mean over runs, without the last of each lot on its class, of Σ pieces / per_plate."""
    change_s: float
    """People's seconds."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What no plan of the problem betters."""

    tardiness: float
    """Weighted seconds, rejections included: at least."""
    makespan_s: float
    earned_use: float
    """At most: by the fractional transport bound."""
    lots_done: int
    """At most."""


@dataclass(frozen=True, slots=True)
class Step:
    """One moment of a search."""

    iteration: int
    tardiness: float
    """Rejections included."""
    cost: float
    sought: float | None = None
    """End of the last run, or seconds earned, where that is what the plan is made for."""


@dataclass(frozen=True, slots=True)
class Result:
    plan: Plan
    unplanned: tuple[Unplanned, ...]
    figures: Figures
    bounds: Bounds
    trace: tuple[Step, ...]
    objective: Objective = Objective.TARDINESS
    """What the plan was made for."""

    @property
    def gap(self) -> float | None:
        """Share by which the plan misses its objective's bound; None where that says nothing: by any measure of 0.

        No bound tells how early lots end of which some are left out.
        """
        said, least = self.figures, self.bounds
        if self.objective is Objective.UTILISATION:
            return 1.0 - said.earned_use / least.earned_use if least.earned_use > 0 else None
        if self.objective is Objective.MAKESPAN:
            return said.makespan_s / least.makespan_s - 1.0 if least.makespan_s > 0 and not self.unplanned else None
        lost = said.tardiness + said.rejected
        return lost / least.tardiness - 1.0 if least.tardiness > 0 else None if lost > 0 else 0.0
