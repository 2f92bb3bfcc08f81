from broker.scheduling.makespan.cooling import COLDEST, HOTTEST, SHORTEST, TRIAL, Cooling


def test_a_known_budget_is_cooled_over_once_after_a_trial() -> None:
    cooling = Cooling()
    shares = [0.0, TRIAL / 2, TRIAL * 0.999, TRIAL, 0.5, 1.0]
    heats = [cooling.heat(share) for share in shares]
    assert heats[0] == heats[3] == HOTTEST
    assert heats[0] > heats[1] > heats[2]
    assert heats[3] > heats[4] > heats[5]
    assert abs(heats[5] - COLDEST) < 1e-12


def test_an_unknown_one_again_and_again_each_time_twice_as_slowly() -> None:
    cooling = Cooling()
    heats = [cooling.heat(None) for _ in range(SHORTEST * 7)]
    assert [number for number, heat in enumerate(heats) if heat == HOTTEST] == [0, SHORTEST, SHORTEST * 3]
