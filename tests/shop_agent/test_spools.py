"""The shop's spools: named at the setup, enough for the program, lighter by what was printed."""

import pytest

from broker.wire.states import RunState
from shop_agent.errors import Refused
from shop_agent.state import events as ev
from shop_agent.state import reports as say
from shop_agent.state.records import SpoolRecord
from tests.shop_agent.core import PROGRAM, Mind


def shop(*grams: float) -> Mind:
    mind = Mind().to("staged")
    for left_g in grams:
        mind.do(ev.SpoolGiven("", "PLA", "white", left_g))
    return mind


def left(mind: Mind) -> list[float]:
    return [spool.left_g for spool in mind.shop.memory.spools.values()]


def test_a_shop_without_spools_is_asked_for_none() -> None:
    assert Mind().to("armed").run().phase is RunState.ARMED


@pytest.mark.parametrize(
    ("spools", "stays", "reason"),
    [
        ((), False, r"say which spool of PLA is loaded; the shop keeps 1 \(white, 1 g\), 2 \(white, 3 g\)"),
        (("9",), False, "keeps no spool 9; there are: 1, 2, 3"),
        (("1",), False, "spool 1 holds 1 g, the program takes 2 g"),
        (("1", "1"), True, "named twice"),
        (("1", "2"), False, "somebody must stay there"),
        (("3",), False, "spool 3 is PETG, the plate needs PLA"),
    ],
)
def test_a_spool_that_is_not_the_plates_or_too_light_is_refused(
    spools: tuple[str, ...], stays: bool, reason: str
) -> None:
    mind = shop(1.0, 3.0)
    mind.do(ev.SpoolGiven("", "PETG", "", 500.0))
    with pytest.raises(Refused, match=reason):
        mind.do(ev.SetupGiven("run1", mind.setup(spools=spools, stays=stays)))
    assert mind.run().phase is RunState.STAGED
    assert left(mind) == [1.0, 3.0, 500.0]


@pytest.mark.parametrize(
    ("end", "used_g"),
    [
        (say.Finished(100, 60.0), PROGRAM.material_g),
        (say.Stopped("asked", 25), PROGRAM.material_g / 4),
        (say.Faulted("cold", 50, True), PROGRAM.material_g / 2),
        (say.Unknown("restarted"), PROGRAM.material_g),
        (say.FirstLayerFailed("Ana", "warped", 5), PROGRAM.material_g / 20),
    ],
)
def test_the_spool_is_lighter_by_what_was_printed(end: say.MachineReport, used_g: float) -> None:
    mind = shop(10.0)
    mind.permit(mind.do(ev.SetupGiven("run1", mind.setup(spools=("1",)))))
    assert mind.shop.memory.spools["1"].machine == "printer"
    for report in (say.Starting(), say.Running("heating"), end):
        mind.wrote(report)
    assert left(mind) == [10.0 - used_g]


def test_a_change_that_is_planned_takes_from_one_and_then_the_other() -> None:
    mind = shop(1.5, 3.0)
    mind.permit(mind.do(ev.SetupGiven("run1", mind.setup(spools=("1", "2"), stays=True))))
    with pytest.raises(Refused, match="run run1 prints from spool 2"):
        mind.do(ev.SpoolGone("2"))
    with pytest.raises(Refused, match="prints from it"):
        mind.do(ev.SpoolGiven("1", "PETG", "white", 1.0))
    for report in (say.Starting(), say.Running("heating"), say.Finished(100, 60.0)):
        mind.wrote(report)
    assert left(mind) == [0.0, 2.5]


def test_spools_are_weighed_again_put_away_and_moved() -> None:
    mind = shop(10.0)
    mind.do(ev.SpoolGiven("1", "PLA", "black", 640.0))
    assert mind.shop.memory.spools["1"] == SpoolRecord("1", "PLA", "black", 640.0)
    assert mind.shop.take_changed().spools == {"1"}
    mind.do(ev.SpoolGone("1"))
    with pytest.raises(Refused, match="put away"):
        mind.do(ev.SetupGiven("run1", mind.setup(spools=("1",))))
    mind.do(ev.SpoolGiven("yellow-3", "PLA", "yellow", 100.0))
    mind.do(ev.SetupGiven("run1", mind.setup(spools=("yellow-3",))))
    assert mind.shop.memory.spools["yellow-3"].machine == "printer"
    for wrong in (ev.SpoolGiven("", " ", "", 1.0), ev.SpoolGiven("", "PLA", "", -1.0), ev.SpoolGone("7")):
        with pytest.raises(Refused):
            mind.do(wrong)
