"""What a plan is made for. Whatever is asked for comes first; nothing infeasible is ever traded for it."""

from enum import StrEnum


class Objective(StrEnum):
    TARDINESS = "tardiness"
    """Weighted seconds late and rejections, then cost."""
    MAKESPAN = "makespan"
    """Rejections, then the end of the last run, then weighted seconds late, then cost."""
    UTILISATION = "utilisation"
    """Earned use of machines within the horizon, then weighted seconds late and rejections, then cost.

    Earned, not running, seconds: a slow machine with work that a quick one could do would look busy.
    """
