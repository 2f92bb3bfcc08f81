"""Pieces counted from synthetic cuts whose truth is known."""

import numpy as np
import pytest
from shapely import Point, Polygon, box

from hardware_sim.truth.cuts import count_cut
from hardware_sim.truth.expected import Expected, Verdict
from tests.hardware_sim.toolpaths import SHEET, cut_along, with_hole

PLATE = with_hole(box(20.0, 20.0, 80.0, 60.0), Point(35.0, 40.0).buffer(4.0))
OTHER = box(100.0, 20.0, 160.0, 60.0)
PASSES = (2.0, 4.0, 6.2)


def _expected(*outlines: Polygon) -> list[Expected]:
    return [Expected(f"piece {index}", outline, SHEET.thickness) for index, outline in enumerate(outlines)]


def test_pieces_cut_through_are_counted_and_their_slugs_are_not() -> None:
    cuts = np.concatenate((cut_along(PLATE, PASSES), cut_along(OTHER, PASSES)))
    count = count_cut(cuts, SHEET, _expected(PLATE, OTHER))
    assert (count.good, count.regions) == (2, 2)


@pytest.mark.parametrize("tabs", [2, 4])
def test_holding_tabs_count_as_cut(tabs: int) -> None:
    assert count_cut(cut_along(PLATE, PASSES, tabs=tabs), SHEET, _expected(PLATE)).good == 1


def test_an_unfinished_last_pass_gives_no_piece() -> None:
    cuts = cut_along(PLATE, (2.0, 4.0, 5.0))
    piece = count_cut(cuts, SHEET, _expected(PLATE)).pieces[0]
    assert piece.verdict is Verdict.INCOMPLETE


def test_a_last_pass_that_stopped_half_way_gives_no_piece() -> None:
    cuts = cut_along(box(20.0, 20.0, 80.0, 60.0), PASSES)
    stopped = cuts[: len(cuts) * 5 // 6]
    piece = count_cut(stopped, SHEET, _expected(box(20.0, 20.0, 80.0, 60.0))).pieces[0]
    assert piece.verdict is Verdict.INCOMPLETE
    assert "border" in piece.reason


def test_an_open_outline_leaves_the_piece_in_the_sheet() -> None:
    cuts = cut_along(OTHER, PASSES)
    stopped = cuts[: len(cuts) // 4]
    piece = count_cut(stopped, SHEET, _expected(OTHER)).pieces[0]
    assert piece.verdict is Verdict.INCOMPLETE
    assert piece.reason == "not parted from the sheet"


def test_uncut_and_outside_the_sheet_are_missing() -> None:
    cuts = cut_along(PLATE, PASSES)
    pieces = count_cut(cuts, SHEET, _expected(PLATE, OTHER, box(300.0, 20.0, 340.0, 60.0))).pieces
    assert [piece.verdict for piece in pieces] == [Verdict.GOOD, Verdict.MISSING, Verdict.MISSING]


def test_two_pieces_with_no_cut_between_them_are_joined() -> None:
    left, right = box(20.0, 20.0, 60.0, 60.0), box(60.0, 20.0, 100.0, 60.0)
    count = count_cut(cut_along(box(20.0, 20.0, 100.0, 60.0), PASSES), SHEET, _expected(left, right))
    assert (count.good, count.regions) == (0, 1)
    assert {piece.verdict for piece in count.pieces} == {Verdict.JOINED}


def test_a_hole_that_was_forgotten_makes_it_incomplete() -> None:
    cuts = cut_along(box(20.0, 20.0, 80.0, 60.0), PASSES)
    piece = count_cut(cuts, SHEET, _expected(PLATE)).pieces[0]
    assert (piece.verdict, piece.reason) == (Verdict.INCOMPLETE, "1 of its holes not cut")


def test_a_groove_across_a_piece_spoils_it() -> None:
    groove = np.array([[50.0, 10.0, 0.0, 50.0, 70.0, 0.0]], dtype=np.float32)
    groove += np.array([SHEET.x, SHEET.y, SHEET.z_top - 6.2] * 2, dtype=np.float32)
    count = count_cut(np.concatenate((cut_along(PLATE, PASSES), groove)), SHEET, _expected(PLATE))
    assert count.good == 0


def test_moves_above_the_sheet_cut_nothing() -> None:
    above = cut_along(PLATE, (-1.0,))
    assert count_cut(above, SHEET, _expected(PLATE)).pieces[0].verdict is Verdict.MISSING
