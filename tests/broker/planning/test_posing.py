"""Situations as problems: who is left out and why, what shares a plate, how large a bed is."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from broker.planning.apply import in_turn
from broker.planning.plates import document
from broker.planning.posing import Posed, pose
from broker.planning.situation import OpenLine, Situation, Station
from broker.planning.snapshot import SITS_OUT_MOST, sits_out
from broker.planning.solving import solve_within
from broker.planning.whatif import left_out
from broker.scheduling.eligibility import eligibility
from broker.wire.plates import Recipe
from broker.wire.shop import Process, Stock
from tests.broker.planning.situations import NOW, PRINTER, ROUTER, box, line, panel, router_with

BOX = line("box", box(20, 10, 5))
PANEL = line("panel", panel(100, 50), material="plywood")


def _posed(lines: list[OpenLine], stations: list[Station], later_s: float | None = None) -> Posed:
    posed = pose(Situation(NOW, tuple(lines), tuple(stations)), later_s=later_s)
    assert posed is not None
    return posed


def _reasons(one: OpenLine, stations: list[Station], later_s: float | None = None) -> list[tuple[str, str]]:
    posed = _posed([one], stations, later_s)
    return [(left.machine, left.reason) for left in left_out(posed, eligibility(posed.problem).excluded, 0)]


@pytest.mark.parametrize(
    ("one", "station", "reason"),
    [
        (BOX, ROUTER, "machine does cut2d, the part needs fdm"),
        (line("box", box(20, 10, 5), material="ABS"), PRINTER, "no ABS for this machine: it takes PLA, PETG"),
        (replace(BOX, barred_machines={PRINTER.machine_id: "refused"}), PRINTER, "refused"),
        (replace(BOX, barred_workshops={PRINTER.workshop_id: "declined"}), PRINTER, "declined"),
        (BOX, replace(PRINTER, idle_because="machine is quarantined: smoke"), "machine is quarantined: smoke"),
    ],
)
def test_a_machine_is_left_out_for_a_reason(one: OpenLine, station: Station, reason: str) -> None:
    assert _reasons(one, [station]) == [(station.spec.name, reason)]


def test_a_part_that_is_too_large_is_told_by_how_much() -> None:
    [(_, reason)] = _reasons(line("tower", box(20, 20, 260)), [PRINTER])
    assert reason == "part is 20.0 × 20.0 × 260.0 mm; too tall for 210.0 mm, by 50.0 mm"


def test_a_long_part_fits_diagonally() -> None:
    assert _reasons(line("rod", box(300, 5, 5)), [PRINTER]) == []


def test_for_a_price_a_machine_that_rests_counts_as_back_later() -> None:
    resting = replace(PRINTER, idle_because="machine is offline", ready_s=10.0)
    posed = _posed([BOX], [resting], later_s=3600.0)
    assert posed.problem.machine_ready_s.tolist() == [3610.0]
    assert _reasons(BOX, [resting], later_s=3600.0) == []


def test_only_process_material_and_recipe_alike_share_a_plate() -> None:
    fine = replace(BOX, id="fine", recipe=Recipe(layer_mm=0.1))
    posed = _posed([BOX, replace(BOX, id="more", material="pla"), fine, PANEL], [PRINTER, ROUTER])
    assert posed.problem.line_family.tolist() == [0, 0, 1, 2]


def test_a_change_is_reckoned_from_what_was_loaded_last() -> None:
    petg = replace(BOX, id="petg", material="PETG")
    posed = _posed([BOX, petg], [replace(PRINTER, loaded="petg"), ROUTER])
    assert posed.problem.machine_family.tolist() == [1, -1]


def test_a_router_has_a_bed_for_every_sheet_that_is_asked_for() -> None:
    thin = Stock(material="plywood", sheet_mm=(580, 380, 3))
    thick = Stock(material="mdf", sheet_mm=(900, 300, 9))
    other = Stock(material="acrylic", sheet_mm=(100, 100, 2))
    posed = _posed([PANEL, line("lid", panel(50, 50), material="mdf")], [router_with(thin, thick, other)])
    assert [column.size_mm for column in posed.columns] == [(580, 380), (600, 300)]
    assert posed.problem.exclusion == (
        ("", "plywood comes in sheets of another size"),
        ("mdf comes in sheets of another size", ""),
    )
    assert [left_out(posed, eligibility(posed.problem).excluded, number) for number in (0, 1)] == [(), ()]


def test_what_two_beds_of_one_machine_were_given_comes_one_after_the_other() -> None:
    thin = Stock(material="plywood", sheet_mm=(580, 380, 3))
    thick = Stock(material="mdf", sheet_mm=(500, 300, 9))
    posed = _posed([PANEL, line("lid", panel(50, 50), material="mdf")], [router_with(thin, thick)])
    first, second = in_turn(posed, solve_within(posed.problem, 5.0, seed=1))
    assert second[1] >= first[1] + first[0].end_s - first[0].start_s


def test_a_plate_says_where_every_copy_goes_in_the_shops_own_words() -> None:
    posed = _posed([replace(BOX, material="pla", pieces=3)], [PRINTER])
    [planned] = solve_within(posed.problem, 5.0, seed=1).plates
    plate = document(posed, planned, {"box": "lot1"})
    [part] = plate.parts
    assert (plate.process, plate.material, plate.size_mm) == (Process.FDM, "PLA", (250, 210))
    assert (part.lot, part.part_sha256, part.height_mm, len(part.placements)) == ("lot1", "b" * 64, 5, 3)
    x0, y0, x1, y1 = plate.usable_mm
    assert all(x0 <= x <= x1 and y0 <= y <= y1 for x, y, _ in part.placements)


def test_a_sheet_has_its_thickness() -> None:
    posed = _posed([PANEL], [ROUTER])
    [planned] = solve_within(posed.problem, 5.0, seed=1).plates
    plate = document(posed, planned, {"panel": "lot2"})
    assert (plate.thickness_mm, plate.parts[0].height_mm, plate.size_mm) == (4, 4, (600, 400))


def test_seconds_grow_with_the_part_and_due_dates_count_from_now() -> None:
    soon = replace(BOX, due_at=NOW + timedelta(hours=2))
    posed = _posed([soon, line("big", box(80, 80, 40))], [PRINTER, ROUTER])
    assert posed.problem.line_due_s.tolist() == [7200.0, np.inf]
    small, big = posed.problem.piece_s[:, 0]
    assert 0 < small < big
    assert np.isinf(posed.problem.piece_s[:, 1]).all()


def test_nothing_to_make_or_nobody_there_is_no_problem() -> None:
    assert pose(Situation(NOW, (), (PRINTER,))) is None
    assert pose(Situation(NOW, (BOX,), ())) is None


def test_who_refuses_again_is_asked_ever_more_rarely() -> None:
    assert [sits_out(number).total_seconds() for number in (1, 2, 3)] == [15, 60, 240]
    assert sits_out(99) == SITS_OUT_MOST
