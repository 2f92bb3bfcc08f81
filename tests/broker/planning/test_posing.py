"""Situations as problems: who is left out and why, what shares a plate, how large a bed is, when somebody is there."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from broker.planning.estimates import CHANGE_S
from broker.planning.left_out import left_out
from broker.planning.plates import document
from broker.planning.posing import HORIZON_S, Posed, pose
from broker.planning.situation import OpenLine, Situation, Station
from broker.planning.snapshot import SITS_OUT_MOST, sits_out
from broker.planning.solving import judged
from broker.scheduling.plates.capacity import CLAMPED
from broker.scheduling.plates.placed import Layout
from broker.wire.plates import Recipe
from broker.wire.shop import Process, Rates, Stock, Window
from broker.wire.tiers import Tier
from tests.broker.planning.situations import NOW, PRINTER, ROUTER, box, line, panel, router_with, solved

BOX = line("box", box(20, 10, 5))
PANEL = line("panel", panel(100, 50), material="plywood")
THIN = Stock(material="plywood", sheet_mm=(580, 380, 3))
THICK = Stock(material="mdf", sheet_mm=(900, 300, 9))


def _posed(lines: list[OpenLine], stations: list[Station], later_s: float | None = None) -> Posed:
    posed = pose(Situation(NOW, tuple(lines), tuple(stations)), later_s=later_s)
    assert posed is not None
    return posed


def _reasons(one: OpenLine, stations: list[Station], later_s: float | None = None) -> list[tuple[str, str]]:
    posed = _posed([one], stations, later_s)
    found = left_out(posed, judged(posed.problem, posed.geometry), 0)
    return [(left.machine, left.reason) for left in found]


def _layouts(posed: Posed) -> tuple[Layout, ...]:
    return solved(posed).layouts


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


def test_a_machine_without_a_bed_is_left_out() -> None:
    spec = PRINTER.spec.model_copy(update={"margin_mm": 110.0})
    assert _reasons(BOX, [replace(PRINTER, spec=spec)]) == [("prusa", "margins of 110 mm leave nothing of its bed")]


def test_nothing_lies_where_clamps_stand() -> None:
    half = PRINTER.spec.model_copy(update={"keep_out_mm": ((0.0, 0.0, 250.0, 100.0),)})
    [[placed]] = _layouts(_posed([BOX], [replace(PRINTER, spec=half)]))
    assert len(placed.at) == 4
    assert placed.at[:, 1].min() >= 100.0
    whole = PRINTER.spec.model_copy(update={"keep_out_mm": ((0.0, 0.0, 250.0, 210.0),)})
    assert _reasons(BOX, [replace(PRINTER, spec=whole)]) == [("prusa", CLAMPED)]


def test_a_part_that_is_too_large_is_told_by_how_much() -> None:
    [(_, reason)] = _reasons(line("tower", box(20, 20, 260)), [PRINTER])
    assert reason == "part is 20.0 × 20.0 × 260.0 mm; too tall for 210.0 mm, by 50.0 mm"


def test_a_long_part_fits_diagonally() -> None:
    assert _reasons(line("rod", box(300, 5, 5)), [PRINTER]) == []


def test_a_part_whose_outline_crosses_itself_is_left_out_alone() -> None:
    facts = panel(100, 50)
    assert facts.drawing is not None
    knot = replace(facts.drawing, outline=((0.0, 0.0), (100.0, 50.0), (100.0, 0.0), (0.0, 50.0)))
    lines = [line("knot", replace(facts, drawing=knot), material="plywood"), PANEL]
    posed = _posed(lines, [ROUTER])
    plated = solved(posed)
    assert [(left.lot, left.pieces) for left in plated.result.unplanned] == [(0, 4)]
    [left] = left_out(posed, plated.problem, 0)
    assert left.reason.startswith("the part can't be laid out")
    assert {placed.lot for layout in plated.layouts for placed in layout} == {1}


def test_for_a_price_a_machine_that_rests_counts_as_back_later() -> None:
    resting = replace(PRINTER, idle_because="machine is offline", ready_s=10.0)
    posed = _posed([BOX], [resting], later_s=3600.0)
    assert posed.problem.machines.ready_s.tolist() == [3610.0]
    assert _reasons(BOX, [resting], later_s=3600.0) == []


def test_only_process_material_and_recipe_alike_share_a_plate() -> None:
    fine = replace(BOX, id="fine", recipe=Recipe(layer_mm=0.1))
    posed = _posed([BOX, replace(BOX, id="more", material="pla"), fine, PANEL], [PRINTER, ROUTER])
    assert posed.problem.lots.family.tolist() == [0, 0, 1, 2]
    # Another recipe needs no other spool.
    assert posed.problem.setup_s[:, :2].tolist() == [[0, 0], [0, 0], [CHANGE_S, CHANGE_S], [CHANGE_S, CHANGE_S]]


def test_a_line_or_a_shop_may_want_its_plates_for_itself() -> None:
    alone = replace(BOX, id="alone", share=False)
    private = replace(PRINTER, machine_id="mch_own", inventory=PRINTER.inventory.model_copy(update={"share_plates": 0}))
    posed = _posed([BOX, alone], [PRINTER, private])
    assert posed.problem.lots.share.tolist() == [0, -1]
    assert posed.geometry.alone.tolist() == [False, True]


def test_a_change_is_reckoned_from_what_was_loaded_last() -> None:
    petg = replace(BOX, id="petg", material="PETG")
    posed = _posed([BOX, petg], [replace(PRINTER, loaded="petg"), ROUTER])
    assert posed.problem.machines.family.tolist() == [1, 2]


def test_machines_alike_are_one_class() -> None:
    twin = replace(PRINTER, machine_id="mch_twin", workshop_id="wsh_twin")
    rates = PRINTER.inventory.model_copy(update={"rates": Rates(machine_per_h=7200)})
    dear = replace(PRINTER, machine_id="mch_dear", inventory=rates)
    posed = _posed([BOX, PANEL], [PRINTER, ROUTER, twin, dear])
    assert posed.problem.machines.kind.tolist() == [0, 1, 0, 2]
    assert posed.problem.machines.workshop.tolist() == [0, 1, 2, 0]
    assert posed.problem.classes.cost_per_s.tolist() == [300 / 3600, 900 / 3600, 2.0]
    assert posed.problem.classes.unattended.tolist() == [True, False, True]


def test_a_router_has_a_table_for_every_sheet_that_is_asked_for() -> None:
    other = Stock(material="acrylic", sheet_mm=(100, 100, 2))
    router = router_with(THIN, THICK, other)
    posed = _posed([PANEL, line("lid", panel(50, 50), material="mdf")], [router])
    assert [table.usable_mm for table in posed.geometry.tables] == [(3, 3, 577, 377), (3, 3, 597, 297)]
    assert posed.geometry.lot_table.tolist() == [[0], [1]]
    assert _reasons(line("thick", panel(50, 50), material="mdf"), [router_with(replace_sheet(THICK, 70))]) == [
        ("router", "sheet is 70 mm thick, machine takes 60 mm")
    ]


def replace_sheet(stock: Stock, thickness: float) -> Stock:
    return stock.model_copy(update={"sheet_mm": (900, 300, thickness)})


def test_two_sheets_of_one_router_come_one_after_the_other() -> None:
    posed = _posed([PANEL, line("lid", panel(50, 50), material="mdf")], [router_with(THIN, THICK)])
    plan = solved(posed).result.plan
    assert plan.begin_s[1] >= plan.end_s[0]


def test_hours_and_people_are_the_shops_own() -> None:
    hours = tuple(Window(weekday=day, start_min=8 * 60, end_min=18 * 60) for day in range(5))
    shop = PRINTER.inventory.model_copy(update={"attended": hours, "operators": 3, "timezone": "Europe/Madrid"})
    workshops = _posed([BOX, PANEL], [replace(PRINTER, inventory=shop), ROUTER]).problem.workshops
    assert workshops.operators.tolist() == [3, 1]
    assert workshops.shift_first.tolist() == [0, 46, 47]
    # 9:00 UTC on a Monday is 10:00 there.
    assert workshops.shift_s[0].tolist() == [0.0, 8 * 3600.0]
    assert workshops.shift_s[46, 0] == 0.0
    assert workshops.shift_s[46, 1] > HORIZON_S


def test_a_spindle_turns_within_attended_hours_and_a_printer_through_the_night() -> None:
    hours = tuple(Window(weekday=day, start_min=8 * 60, end_min=10 * 60) for day in range(7))
    shops = [replace(one, inventory=one.inventory.model_copy(update={"attended": hours})) for one in (PRINTER, ROUTER)]
    lines = [line("tray", box(120, 120, 40), pieces=1), line("sign", panel(200, 150), 4, "plywood")]
    posed = _posed(lines, shops)
    plated = solved(posed)
    plan = plated.result.plan
    assert plated.result.unplanned == ()
    printed = plan.machine == 0
    assert (plan.end_s - plan.start_s)[printed].max() > 2 * 3600
    for begin_s, end_s in zip(plan.begin_s[~printed], plan.end_s[~printed], strict=True):
        assert (begin_s + 3600) // 86_400 == (end_s + 3600) // 86_400
        assert (end_s + 3600) % 86_400 <= 2 * 3600


def test_a_plate_says_where_every_copy_goes_in_the_shops_own_words() -> None:
    posed = _posed([replace(BOX, material="pla", pieces=3)], [PRINTER])
    [layout] = _layouts(posed)
    plate = document(posed, 0, layout, {"box": "lot1"})
    [part] = plate.parts
    assert (plate.process, plate.material, plate.size_mm) == (Process.FDM, "PLA", (250, 210))
    assert (part.lot, part.part_sha256, part.height_mm, len(part.placements)) == ("lot1", "b" * 64, 5, 3)
    x0, y0, x1, y1 = plate.usable_mm
    assert all(x0 <= x <= x1 and y0 <= y <= y1 for x, y, _ in part.placements)


def test_a_sheet_has_its_thickness() -> None:
    posed = _posed([PANEL], [ROUTER])
    [layout] = _layouts(posed)
    plate = document(posed, 0, layout, {"panel": "lot2"})
    assert (plate.thickness_mm, plate.parts[0].height_mm, plate.size_mm) == (4, 4, (600, 400))


def test_two_orders_lie_on_one_plate() -> None:
    posed = _posed([replace(BOX, pieces=1), replace(BOX, id="other", order_id="another", pieces=1)], [PRINTER])
    [layout] = _layouts(posed)
    assert sorted((placed.lot, len(placed.at)) for placed in layout) == [(0, 1), (1, 1)]


def test_a_long_lot_keeps_idle_machines_busy() -> None:
    twin = replace(PRINTER, machine_id="mch_twin")
    far = replace(PRINTER, machine_id="mch_far", workshop_id="wsh_far")
    posed = _posed([line("tray", box(80, 80, 40), pieces=9)], [PRINTER, twin, far])
    plan = solved(posed).result.plan
    assert set(plan.machine.tolist()) == {0, 1, 2}


def test_seconds_grow_with_the_part_and_due_dates_count_from_now() -> None:
    soon = replace(BOX, due_at=NOW + timedelta(hours=2))
    posed = _posed([soon, line("big", box(80, 80, 40))], [PRINTER, ROUTER])
    assert posed.problem.lots.due_s.tolist() == [7200.0, np.inf]
    small, big = posed.problem.lots.piece_s[:, 0]
    assert 0 < small < big
    assert np.isinf(posed.problem.lots.piece_s[:, 1]).all()


def test_what_is_due_late_begins_now() -> None:
    posed = _posed([replace(BOX, due_at=NOW + timedelta(days=14))], [PRINTER])
    plan = solved(posed).result.plan
    assert plan.begin_s.tolist() == [0.0]


def test_express_weighs_and_waits_more_and_economy_less() -> None:
    lines = [replace(BOX, id=tier, order_id=tier, tier=tier) for tier in Tier]
    more = replace(BOX, id="more", order_id=Tier.EXPRESS, tier=Tier.EXPRESS)
    lots = _posed([*lines, more], [PRINTER]).problem.lots
    assert lots.weight.tolist() == [4, 1, 0.5, 4]
    # An order waits once, however many lines it has.
    assert (lots.waiting_cost / lots.waiting_cost[1]).tolist() == pytest.approx([2, 1, 0.05, 2])


def test_nothing_to_make_or_nobody_there_is_no_problem() -> None:
    assert pose(Situation(NOW, (), (PRINTER,))) is None
    assert pose(Situation(NOW, (BOX,), ())) is None


def test_who_refuses_again_is_asked_ever_more_rarely() -> None:
    assert [sits_out(number).total_seconds() for number in (1, 2, 3)] == [15, 60, 240]
    assert sits_out(99) == SITS_OUT_MOST
