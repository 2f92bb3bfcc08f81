"""Pieces counted from synthetic deposits whose truth is known."""

import time

import numpy as np
import pytest
from shapely import Point, box

from hardware_sim.truth.expected import Expected, Verdict
from hardware_sim.truth.prints import count_printed
from tests.hardware_sim.toolpaths import Rows, box_expected, printed_box, skirt, with_hole


def _row(gap: float, count: int = 4, height: float = 3.0) -> tuple[Rows, list[Expected]]:
    """A row of boxes of 10 x 8 mm with this gap between them."""
    xs = [20.0 + index * (10.0 + gap) for index in range(count)]
    deposits = np.concatenate([printed_box(x, 30.0, 10.0, 8.0, height) for x in xs])
    return deposits, [box_expected("box", x, 30.0, 10.0, 8.0, height) for x in xs]


@pytest.mark.parametrize("gap", [5.0, 1.0, 0.75])
def test_parts_that_stand_apart_are_all_counted(gap: float) -> None:
    deposits, expected = _row(gap)
    count = count_printed(deposits, expected)
    assert (count.good, count.regions) == (4, 4)


@pytest.mark.parametrize("gap", [0.0, -0.3])
def test_parts_that_touch_come_out_as_too_few(gap: float) -> None:
    deposits, expected = _row(gap)
    count = count_printed(deposits, expected)
    assert (count.good, count.regions) == (0, 1)
    assert {piece.verdict for piece in count.pieces} == {Verdict.JOINED}


def test_two_that_touch_spoil_only_themselves() -> None:
    deposits, expected = _row(5.0)
    pair = np.concatenate((deposits, printed_box(80.0, 30.0, 10.0, 8.0, 3.0), printed_box(90.0, 30.0, 10.0, 8.0, 3.0)))
    expected += [box_expected("pair", x, 30.0, 10.0, 8.0, 3.0) for x in (80.0, 90.0)]
    count = count_printed(pair, expected)
    assert count.good_by_label() == {"box": 4, "pair": 0}
    assert count.regions == 5


def test_a_piece_that_ends_too_low_is_incomplete() -> None:
    deposits, expected = _row(5.0, count=2)
    short = np.concatenate((deposits, printed_box(80.0, 30.0, 10.0, 8.0, 2.0)))
    expected.append(box_expected("short", 80.0, 30.0, 10.0, 8.0, 3.0))
    last = count_printed(short, expected).pieces[-1]
    assert last.verdict is Verdict.INCOMPLETE
    assert "2.00 mm of 3.00 mm" in last.reason


def test_the_last_layer_may_miss_the_height_by_less_than_itself() -> None:
    deposits = printed_box(20.0, 20.0, 10.0, 8.0, 3.0)
    assert count_printed(deposits, [box_expected("box", 20.0, 20.0, 10.0, 8.0, 3.15)]).good == 1


def test_nothing_and_no_material_in_an_outline_are_missing() -> None:
    deposits, expected = _row(5.0, count=1)
    expected.append(box_expected("elsewhere", 100.0, 100.0, 10.0, 8.0, 3.0))
    assert [piece.verdict for piece in count_printed(deposits, expected).pieces] == [Verdict.GOOD, Verdict.MISSING]
    nothing = count_printed(np.zeros((0, 6), dtype=np.float32), expected)
    assert {piece.verdict for piece in nothing.pieces} == {Verdict.MISSING}


def test_a_gap_in_height_holds_nothing_together() -> None:
    low, high = printed_box(20.0, 20.0, 10.0, 8.0, 1.0), printed_box(20.0, 20.0, 10.0, 8.0, 3.0, floor=2.0)
    expected = [box_expected("box", 20.0, 20.0, 10.0, 8.0, 3.0)]
    assert count_printed(np.concatenate((low, high)), expected).pieces[0].verdict is Verdict.INCOMPLETE


def test_feet_that_join_higher_up_are_one_piece() -> None:
    feet = [printed_box(x, 20.0, 4.0, 8.0, 2.0) for x in (20.0, 32.0)]
    deck = printed_box(20.0, 20.0, 16.0, 8.0, 3.0, floor=2.0)
    expected = [box_expected("bridge", 20.0, 20.0, 16.0, 8.0, 3.0)]
    count = count_printed(np.concatenate((*feet, deck)), expected)
    assert (count.good, count.regions) == (1, 1)


def test_half_a_piece_at_full_height_is_not_one() -> None:
    expected = [box_expected("box", 20.0, 20.0, 20.0, 8.0, 3.0)]
    count = count_printed(printed_box(20.0, 20.0, 10.0, 8.0, 3.0), expected)
    assert count.pieces[0].verdict is Verdict.INCOMPLETE


def test_skirt_brim_and_purge_line_are_no_pieces_and_join_none() -> None:
    deposits, expected = _row(2.0)
    brim = np.concatenate([skirt(15.0, 30.5 + at, 75.0, 31.0 + at) for at in np.arange(0.0, 6.0, 0.45)])
    loops = skirt(10.0, 20.0, 80.0, 45.0)
    count = count_printed(np.concatenate((loops, brim, deposits)), expected)
    assert (count.good, count.regions) == (4, 4)


def test_a_piece_within_the_hole_of_another_is_its_own() -> None:
    outer = with_hole(box(20.0, 20.0, 50.0, 50.0), box(24.0, 24.0, 46.0, 46.0))
    sides = [(20.0, 20.0, 30.0, 4.0), (20.0, 46.0, 30.0, 4.0), (20.0, 20.0, 4.0, 30.0), (46.0, 20.0, 4.0, 30.0)]
    ring = np.concatenate([printed_box(*side, 3.0) for side in sides])
    inner = printed_box(30.0, 30.0, 10.0, 10.0, 3.0)
    expected = [Expected("ring", outer, 3.0), box_expected("inner", 30.0, 30.0, 10.0, 10.0, 3.0)]
    assert count_printed(np.concatenate((ring, inner)), expected).good == 2


def test_one_body_serves_one_expected_piece() -> None:
    outline = Point(30.0, 30.0).buffer(8.0)
    expected = [Expected("first", outline, 3.0), Expected("second", outline, 3.0)]
    count = count_printed(printed_box(22.0, 22.0, 16.0, 16.0, 3.0), expected)
    assert (count.good, count.regions) == (1, 1)


def test_many_deposits_are_counted_in_time() -> None:
    deposits, expected = _row(3.0, count=10, height=20.0)
    copies = [deposits + np.array([0, at, 0, at, 0, 0], dtype=np.float32) for at in np.arange(0.0, 110.0, 11.0)]
    begun = time.process_time()
    assert count_printed(np.concatenate(copies), expected).good == 10
    # 120,000 deposits; a million are to take less than ten seconds of an idle core.
    assert time.process_time() - begun < 10.0
