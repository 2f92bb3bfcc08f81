import pytest

from broker.scheduling.cooling import SHORTEST, Cooling


def test_a_known_budget_is_cooled_over_once_after_a_trial() -> None:
    cooling = Cooling(2.0, 0.5, (0.05,))
    heats = [cooling.heat(share) for share in (0.0, 0.025, 0.0499, 0.05, 0.5, 1.0)]
    assert heats[0] == heats[3] == 2.0
    assert heats[0] > heats[1] > heats[2]
    assert heats[3] > heats[4] > heats[5] == pytest.approx(0.5)


def test_it_is_cooled_over_as_often_as_is_asked_for() -> None:
    cooling = Cooling(3.0, 1.0, (0.1, 0.4))
    assert [cooling.heat(share) for share in (0.0, 0.1, 0.4)] == [3.0, 3.0, 3.0]
    middle = [cooling.heat(share) for share in (0.05, 0.25, 0.7)]
    assert middle == pytest.approx([3.0**0.5] * 3)


def test_an_unknown_one_again_and_again_each_time_twice_as_slowly() -> None:
    cooling = Cooling(2.0, 0.5, (0.05,))
    heats = [cooling.heat(None) for _ in range(SHORTEST * 7)]
    assert [number for number, heat in enumerate(heats) if heat == 2.0] == [0, SHORTEST, SHORTEST * 3]
