"""The loops that plans need, made ready before anybody waits for them: `python -m broker.scheduling.network.warm`."""

import numpy as np

from broker.scheduling.network.problem import Classes, Lots, Machines, Problem, Workshops
from broker.scheduling.network.solve import solve
from broker.scheduling.stopping import AfterIterations

_ASKED = 20
_DAY_S = 86_400.0


def warm_up() -> None:
    """Plans next to nothing: seconds where the loops were compiled before, a minute where they weren't."""
    solve(_smallest(), AfterIterations(_ASKED), 0)


def _smallest() -> Problem:
    """Two lots, two machines, one workshop."""
    zeros, none = np.zeros(2), np.zeros(2, dtype=np.int64)
    return Problem(
        lots=Lots(
            quantity=np.array([3, 2], dtype=np.int64),
            family=np.array([0, 1], dtype=np.int64),
            release_s=zeros,
            due_s=np.array([0.0, np.inf]),
            deadline_s=np.full(2, np.inf),
            weight=np.ones(2),
            rejection=np.full(2, 1e6),
            waiting_cost=np.ones(2),
            order=none,
            place=none,
            share=none,
            material=np.full(2, -1, dtype=np.int64),
            use=zeros,
            piece_s=np.full((2, 1), 600.0),
            per_plate=np.full((2, 1), 2, dtype=np.int64),
            reason=np.zeros((2, 1), dtype=np.int64),
        ),
        classes=Classes(
            unattended=np.array([True]),
            overhead_s=np.full(1, 60.0),
            clear_s=np.full(1, 60.0),
            count_s=np.zeros(1),
            watch_s=np.full(1, 60.0),
            cost_per_s=np.full(1, 0.1),
        ),
        machines=Machines(
            workshop=none,
            kind=none,
            ready_s=zeros,
            family=np.full(2, 2, dtype=np.int64),
            block_machine=np.zeros(0, dtype=np.int64),
            block_s=np.zeros((0, 2)),
        ),
        workshops=Workshops(
            operators=np.ones(1, dtype=np.int64),
            shift_first=np.array([0, 1], dtype=np.int64),
            shift_s=np.array([[0.0, 3 * _DAY_S]]),
            ship_s=np.full((1, 1), 3600.0),
            ship_cost=np.ones((1, 1)),
            operator_cost_per_s=np.full(1, 0.5),
            stock=np.zeros((1, 0)),
        ),
        setup_s=np.where(np.eye(3, 2, dtype=np.bool_), 0.0, 300.0),
        horizon_s=2 * _DAY_S,
    )


if __name__ == "__main__":
    warm_up()
