"""The same small network as the runs' tests, and one without agents."""

from tests.broker.planning.floor import floor, quiet
from tests.broker.runs.conftest import agent, network, solver, timers_at_rest, town

__all__ = ["agent", "floor", "network", "quiet", "solver", "timers_at_rest", "town"]
