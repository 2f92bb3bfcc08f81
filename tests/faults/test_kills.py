"""Real processes die at named points, and all that must hold still does."""

import pytest

from tests.faults.led import led
from tests.faults.schedule import drawn

KILLS = 50


@pytest.mark.proof(share=0.0535)
def test_processes_may_die_wherever_they_are() -> None:
    """At some of all points; `python -m tests.faults` takes them all."""
    outcome = led(drawn("1", at_most=KILLS), print)

    assert outcome.violations == []
    assert len(outcome.died) >= KILLS
