"""Pieces that were skipped, counts put right, first layers that failed."""

import pytest

from broker.wire.states import RunState
from shop_agent.errors import Refused
from shop_agent.state import events as ev
from shop_agent.state import reports as say
from shop_agent.state.instructions import Tell
from shop_agent.state.records import Count, Standing
from shop_agent.state.tasks import TaskKind, waiting
from tests.shop_agent.core import Mind

GOOD = (Count("lot1", 2),)
ONE_WARPED = (Count("lot1", 1, (("warp", 1),)),)


@pytest.mark.parametrize("name", ["cube.stl copy 1", "CUBE_STL_ID_0_COPY_1"])
def test_a_skipped_piece_is_scrap_at_once_and_the_count_is_of_the_others(name: str) -> None:
    mind = Mind().to("running")
    skip = say.ObjectSkipped(name, "Ana", "adhesion")
    told = say.Skipped("lot1", "cube.stl copy 1", "adhesion", "Ana")
    assert mind.wrote(skip) == [Tell(told, "run1", 1, 8)]
    assert mind.wrote(skip) == []
    (tell, _) = mind.wrote(say.Finished(100, 60.0))
    assert isinstance(tell, Tell)
    assert tell.version == 9
    with pytest.raises(Refused, match=r"good \+ scrap is 2, the plate holds 1 \(1 skipped, scrap already\)"):
        mind.do(ev.CountGiven("run1", "Ana", GOOD, cleared=True))
    mind.do(ev.CountGiven("run1", "Ana", (Count("lot1", 1),), cleared=True))
    assert mind.run().phase is RunState.ACCEPTED


def test_a_skip_that_the_broker_does_not_take_leaves_the_piece_to_be_counted() -> None:
    mind = Mind().to("running")
    mind.wrote(say.ObjectSkipped("cube.stl copy 1", "Ana", "adhesion"))
    mind.do(ev.RunConflicted("run1", RunState.RUNNING, 8, 1, "no piece of it is left"))
    assert (mind.run().left(), mind.run().version) == ({"lot1": 2}, 8)
    mind.wrote(say.Finished(100, 60.0))
    mind.do(ev.CountGiven("run1", "Ana", GOOD, cleared=True))
    assert mind.run().phase is RunState.ACCEPTED


def test_what_belongs_to_no_lot_costs_no_piece() -> None:
    mind = Mind().to("running")
    assert mind.wrote(say.ObjectSkipped("wipe tower", "", "")) == []
    assert mind.run().left() == {"lot1": 2}


def test_a_count_is_corrected_until_the_lot_is_handed_over() -> None:
    mind = Mind().to("finished")
    with pytest.raises(Refused, match="neither counted nor settled"):
        mind.do(ev.CorrectionGiven("run1", "Eva", "looked again", ONE_WARPED))
    mind.do(ev.LotOffered("lot1", "cube", "PLA", 2, 100, "EUR"))
    mind.do(ev.CountGiven("run1", "Ana", GOOD, cleared=True))
    mind.do(ev.LotIsReady("lot1", 2, "Oviedo", ()))
    for counts, note, reason in (
        (GOOD, "again", "nothing to correct"),
        (ONE_WARPED, " ", "say why"),
        ((Count("lot1", 3),), "again", "plate holds 2"),
        ((Count("lot1", 1),), "again", "plate holds 2"),
    ):
        with pytest.raises(Refused, match=reason):
            mind.do(ev.CorrectionGiven("run1", "Eva", note, counts))
    version = mind.run().version
    (tell,) = mind.do(ev.CorrectionGiven("run1", "Eva", "one is warped", ONE_WARPED))
    assert tell == Tell(say.Corrected("Eva", "one is warped", ONE_WARPED), "run1", 1, version)
    assert mind.run().counts == ONE_WARPED
    assert [task.kind for task in waiting(mind.shop.memory)] == []
    mind.do(ev.LotIsReady("lot1", 2, "Oviedo", ()))
    mind.do(ev.HandoverGiven("lot1", "Ana", ""))
    with pytest.raises(Refused, match="was handed over"):
        mind.do(ev.CorrectionGiven("run1", "Eva", "again", GOOD))


def test_a_settlement_is_corrected_too() -> None:
    mind = Mind().to("running")
    mind.wrote(say.Stopped("asked", 12))
    mind.do(ev.SettleGiven("run1", "Ana", "nothing of it", ()))
    (tell,) = mind.do(ev.CorrectionGiven("run1", "Ana", "one is good", (Count("lot1", 1),)))
    assert isinstance(tell, Tell)
    assert isinstance(tell.report, say.Corrected)


def test_a_correction_that_the_broker_does_not_take_is_taken_back() -> None:
    mind = Mind().to("finished")
    mind.do(ev.CountGiven("run1", "Ana", GOOD, cleared=True))
    mind.do(ev.CorrectionGiven("run1", "Eva", "one is warped", ONE_WARPED))
    mind.do(ev.RunConflicted("run1", RunState.ACCEPTED, 10, 1, "lot1 was delivered"))
    assert (mind.run().counts, mind.run().version) == (GOOD, 10)
    assert mind.run().note == "the correction was not taken: lot1 was delivered"


def test_a_first_layer_that_failed_ends_its_run_and_frees_its_machine() -> None:
    mind = Mind().to("running")
    out = mind.wrote(say.FirstLayerFailed("Ana", "it came off", 7))
    reason = "the first layer failed: it came off"
    assert out[:2] == [
        Tell(say.Faulted(reason, 7, True, True), "run1", 1, 8),
        Tell(say.Settled("Ana", reason, (), True), "run1", 1, 9),
    ]
    assert mind.shop.memory.standing("printer")[0] is Standing.OCCUPIED
    assert [task.kind for task in waiting(mind.shop.memory)] == [TaskKind.CLEAR]
    mind.do(ev.MachineCleared("printer"))
    assert mind.shop.memory.standing("printer")[0] is Standing.FREE


def test_a_fault_in_the_first_layer_is_settled_so_and_with_nothing_good() -> None:
    mind = Mind().to("running")
    mind.wrote(say.Faulted("cold", 3, True))
    with pytest.raises(Refused, match="no piece is good"):
        mind.do(ev.SettleGiven("run1", "Ana", "look", (Count("lot1", 1),), first_layer=True))
    (tell,) = mind.do(ev.SettleGiven("run1", "Ana", "look", (), first_layer=True))
    assert tell == Tell(say.Settled("Ana", "look", (), True), "run1", 1, 9)
