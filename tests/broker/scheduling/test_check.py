"""Violations planted in a good plan are found."""

from dataclasses import replace

import numpy as np
import pytest

from broker.scheduling.check import check, require_feasible
from broker.scheduling.errors import Infeasible
from broker.scheduling.problem import Excluded, Placed, PlannedPlate, Problem, Result, Unplanned
from broker.scheduling.solve import solve
from tests.broker.scheduling.workshops import DEMO, never, problem


@pytest.fixture(scope="module")
def asked() -> Problem:
    return problem(DEMO)


@pytest.fixture(scope="module")
def good(asked: Problem) -> Result:
    result = solve(asked, never, 0)
    require_feasible(asked, result)
    return result


def with_plate(result: Result, number: int, plate: PlannedPlate) -> Result:
    return replace(result, plates=(*result.plates[:number], plate, *result.plates[number + 1 :]))


def with_placed(result: Result, placed: Placed) -> Result:
    first = result.plates[0]
    return with_plate(result, 0, replace(first, placed=(placed, *first.placed[1:])))


def assert_found(asked: Problem, result: Result, words: str) -> None:
    found = check(asked, result)
    assert any(words in violation for violation in found), found
    with pytest.raises(Infeasible):
        require_feasible(asked, result)


def test_pieces_that_overlap_or_lie_too_close(asked: Problem, good: Result) -> None:
    placed = good.plates[0].placed[0]
    for offset in (0.0, 10.0, 45.9):
        at = placed.at.copy()
        at[1] = at[0] + (offset, 0.0, 0.0)
        assert_found(asked, with_placed(good, replace(placed, at=at)), "lie closer than 6 mm")


def test_a_piece_turned_off_the_bed(asked: Problem, good: Result) -> None:
    placed = good.plates[0].placed[0]
    at = placed.at.copy()
    at[0, 2] += 180.0
    assert_found(asked, with_placed(good, replace(placed, at=at)), "off the usable area")


def test_a_piece_too_few(asked: Problem, good: Result) -> None:
    placed = good.plates[0].placed[0]
    result = with_placed(good, replace(placed, at=placed.at[1:]))
    assert_found(asked, result, "pieces planned or left out")
    assert_found(asked, result, "lasts")


def test_times_that_don_t_add_up(asked: Problem, good: Result) -> None:
    first = good.plates[0]
    assert_found(asked, with_plate(good, 0, replace(first, end_s=first.end_s - 1)), "lasts")
    assert_found(
        asked, with_plate(good, 0, replace(first, start_s=0.0, end_s=first.end_s - first.start_s)), "before the plan"
    )
    assert_found(asked, with_plate(good, 0, replace(first, start_s=np.nan)), "runs from")


def test_two_plates_at_once_and_two_set_ups_at_once(asked: Problem, good: Result) -> None:
    same_shop = [number for number, plate in enumerate(good.plates) if plate.machine in {0, 1}]
    first, second = good.plates[same_shop[0]], good.plates[same_shop[1]]
    moved = replace(second, start_s=first.start_s, end_s=first.start_s + second.end_s - second.start_s)
    ordered = sorted((*good.plates[: same_shop[1]], moved, *good.plates[same_shop[1] + 1 :]), key=lambda p: p.start_s)
    assert_found(asked, replace(good, plates=tuple(ordered)), "a person sets up two machines")
    onto = [replace(plate, machine=2) if plate.machine == 0 else plate for plate in good.plates]
    assert_found(asked, replace(good, plates=tuple(onto)), "but free from")


def test_a_machine_that_can_t(asked: Problem, good: Result) -> None:
    first = good.plates[0]
    assert_found(asked, with_plate(good, 0, replace(first, machine=3)), "can't be made there: cuts sheet only")
    assert_found(asked, with_plate(good, 0, replace(first, machine=9)), "there is none")
    barred = (*good.excluded, Excluded(first.placed[0].line, first.machine, "no"))
    assert_found(asked, replace(good, excluded=barred), "said to be left out")


def test_families_mixed(asked: Problem, good: Result) -> None:
    assert_found(asked, with_plate(good, 0, replace(good.plates[0], family=1)), "is of family 0, not 1")


def test_figures_that_flatter(asked: Problem, good: Result) -> None:
    assert_found(asked, replace(good, cost=good.cost - 1), "cost is")
    assert_found(asked, replace(good, tardiness=5.0), "tardiness is")
    assert_found(asked, replace(good, makespan_s=np.nan), "makespan is")
    assert_found(asked, replace(good, bound_makespan_s=good.makespan_s * 2), "bound of the makespan")


def test_names_that_mean_nothing(asked: Problem, good: Result) -> None:
    first = good.plates[0]
    placed = first.placed[0]
    assert_found(asked, with_placed(good, replace(placed, pose=4)), "in pose 4")
    assert_found(asked, with_placed(good, replace(placed, line=-1)), "holds line -1")
    assert_found(asked, with_placed(good, replace(placed, at=placed.at[:0])), "holds no piece")
    assert_found(asked, with_placed(good, replace(placed, at=placed.at * np.nan)), "no rows of finite")
    assert_found(asked, with_plate(good, 0, replace(first, placed=())), "is empty")
    assert_found(asked, replace(good, unplanned=(Unplanned(0, 1, ""),)), "no reason")


def test_too_tall_and_too_early(asked: Problem, good: Result) -> None:
    low = replace(asked, machine_height_mm=np.array([1.0, 1.0, 1.0, 30.0]))
    assert_found(low, good, "mm tall")
    late = replace(asked, line_release_s=np.array([1e6, 0.0, 0.0]))
    assert_found(late, good, "is released at")
