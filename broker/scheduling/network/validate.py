"""The problem's own rules."""

import numpy as np

from broker.scheduling.errors import WrongArray
from broker.scheduling.network.problem import Problem


def check_problem(problem: Problem) -> None:
    """Raise the `ProblemError` that names what is wrong, or return."""
    lots, classes = len(problem.lots.quantity), len(problem.classes.unattended)
    for name in ("piece_s", "per_plate", "reason"):
        array = getattr(problem.lots, name)
        if array.shape != (lots, classes):
            raise WrongArray(f"lots.{name}", f"is of shape {array.shape}, needs {(lots, classes)}")
    families = problem.setup_s.shape[1]
    if problem.setup_s.dtype != np.float64 or problem.setup_s.shape != (families + 1, families):
        raise WrongArray("setup_s", f"is {problem.setup_s.dtype} of shape {problem.setup_s.shape}, needs (F + 1, F)")
