"""What quotes are told by tier, on situations made by hand."""

from dataclasses import replace
from datetime import timedelta

from broker.planning.live import Live
from broker.planning.live_posing import pose_live
from broker.planning.posing import SHIPPING_S, pose
from broker.planning.situation import OpenLine, Situation
from broker.planning.whatif import BACK_AFTER_S, opinions
from broker.quotes.live_plan import Opinion
from broker.scheduling.network.figures import arrivals
from broker.scheduling.plates.asked import Memory, Question, answer
from broker.scheduling.stopping import AfterIterations
from broker.wire.tiers import Tier
from tests.broker.planning.lives import live, planned
from tests.broker.planning.situations import NOW, PRINTER, ROUTER, box, line, panel, solved, station
from tests.broker.quotes.towns import UNO

TWIN = replace(PRINTER, machine_id="mch_twin")
LOW = UNO.model_copy(update={"workshop": "Cheap", "rates": UNO.rates.model_copy(update={"machine_per_h": 60})})
CHEAP = replace(station(LOW), machine_id="mch_cheap")
OLD = replace(line("old", box(60, 40, 20), 24), order_id="ord_old", due_at=NOW + timedelta(days=12))
BUSY = (planned("one", PRINTER, 0, 12, old=12), planned("two", TWIN, 0, 12, old=12))
NEW = line("new", box(60, 40, 20), 8)


def asked(whole: Live, *lines: OpenLine) -> dict[Tier, tuple[Opinion, ...]]:
    posed = pose_live(whole, lines, later_s=BACK_AFTER_S)
    assert posed is not None
    question = Question(posed.underway, posed.asked, "now", 0.0)
    found = answer(question, Memory(), AfterIterations(20), 1, finish=AfterIterations(2000))
    return opinions(posed, question, found)


def ready_s(opinion: tuple[Opinion, ...]) -> float:
    return max(one.ready_s for one in opinion)


def test_express_is_sooner_and_economy_cheaper_and_later() -> None:
    found = asked(live((PRINTER, TWIN, CHEAP), (OLD,), BUSY), NEW)
    assert ready_s(found[Tier.EXPRESS]) < ready_s(found[Tier.STANDARD]) <= ready_s(found[Tier.ECONOMY])
    [economy] = found[Tier.ECONOMY]
    assert {share.machine_id for share in economy.shares} == {"mch_cheap"}
    for [opinion] in found.values():
        assert sum(share.pieces for share in opinion.shares) == 8
        assert all(share.machine_s >= share.pieces * opinion.piece_s for share in opinion.shares)
        assert opinion.ready_s >= SHIPPING_S


def test_an_idle_network_has_no_express() -> None:
    assert Tier.EXPRESS not in asked(live((PRINTER, TWIN, CHEAP), (), ()), NEW)


def test_items_share_a_machine_one_after_the_other() -> None:
    found = asked(
        live((PRINTER, ROUTER), (), ()),
        NEW,
        line("more", box(50, 50, 10), 6),
        line("sign", panel(90, 90), 2, "plywood"),
    )
    assert set(found) >= {Tier.STANDARD, Tier.ECONOMY}
    assert all([sum(share.pieces for share in one.shares) for one in of] == [8, 6, 2] for of in found.values())


def test_standard_is_what_it_was_without_a_queue() -> None:
    lines = (NEW, line("sign", panel(90, 90), 2, "plywood"))
    stations = (PRINTER, TWIN, ROUTER)
    found = asked(live(stations, (), ()), *lines)[Tier.STANDARD]
    posed = pose(Situation(NOW, lines, stations), later_s=BACK_AFTER_S)
    assert posed is not None
    plated = solved(posed)
    assert ready_s(found) <= arrivals(plated.problem, plated.result.plan).max() * 1.05


def test_what_nobody_can_make_says_why_and_has_no_tiers() -> None:
    found = asked(live((PRINTER, ROUTER), (), ()), line("tower", box(20, 20, 260)))
    assert set(found) == {Tier.STANDARD}
    [opinion] = found[Tier.STANDARD]
    assert (opinion.shares, opinion.unplanned) == ((), 4)
    assert any("too tall" in left.reason for left in opinion.left_out)


def test_a_machine_that_rests_counts_as_back_later() -> None:
    resting = replace(PRINTER, idle_because="machine is offline")
    [opinion] = asked(live((resting,), (), ()), NEW)[Tier.STANDARD]
    assert (opinion.left_out, opinion.unplanned) == ((), 0)
    assert opinion.ready_s > SHIPPING_S + BACK_AFTER_S
