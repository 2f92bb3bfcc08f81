"""Wall clocks jump by a day, and processes die meanwhile: nobody starts twice, and nothing is lost."""

import pytest

from tests.faults.led import led
from tests.faults.schedule import with_clocks


@pytest.mark.proof(share=0.045)
def test_clocks_may_jump_by_a_day() -> None:
    outcome = led(with_clocks("2", jumps=12, kills=8), print, clocks=True)

    assert outcome.violations == []
    assert outcome.missed == []
