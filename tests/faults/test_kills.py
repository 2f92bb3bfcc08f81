"""Real processes die at every named point, and all that must hold still does."""

import pytest

from tests.faults.led import led
from tests.faults.schedule import drawn


@pytest.mark.proof(share=0.082)
def test_every_process_may_die_at_every_point() -> None:
    outcome = led(drawn("1/0"), print)

    assert outcome.violations == []
    assert outcome.missed == []
    assert len(outcome.died) >= 50
