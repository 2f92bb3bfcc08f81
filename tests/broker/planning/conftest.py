"""The same small network as the runs' tests, and one without agents."""

from tests.broker.planning.floor import floor, quiet
from tests.broker.runs.conftest import agent, network, solver, town

__all__ = ["agent", "floor", "network", "quiet", "solver", "town"]
