"""One world, led through its schedule and judged."""

from collections.abc import Callable

from tests.faults.conductor import Conductor, Outcome
from tests.faults.judge import judged, unseen_jumps
from tests.faults.schedule import Schedule
from tests.faults.world import world


def led(
    schedule: Schedule, say: Callable[[str], None], *, clocks: bool = False, database: str | None = None
) -> Outcome:
    """`clocks`: as `world` has it."""
    with world(clocks=clocks, database=database) as made:
        outcome = Conductor(made, schedule, say).lead()
        if not outcome.violations:
            outcome.violations += [*judged(made), *(unseen_jumps(made) if clocks else ())]
        if outcome.violations:
            made.keep = True
            outcome.violations.append(f"what is left of this world is in {made.folder}")
    return outcome
