"""The same small network as the runs' tests."""

from tests.broker.runs.conftest import agent, network, solver, town

__all__ = ["agent", "network", "solver", "town"]
