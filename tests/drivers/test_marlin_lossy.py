"""Every move exactly once, or a named error: the driver on a strict model over cables that lose, change and double."""

from random import Random

import pytest

from drivers.base import EndedBy, RunReport
from drivers.errors import FirmwareReset, MachineFault
from tests.drivers.marlin_model import BadCable, MarlinModel
from tests.drivers.peers import Seen, allow
from tests.drivers.virtual import driving

PROGRAM = [f"G1 X{n % 200} Y{n % 7} E{n * 0.01:.2f}" for n in range(400)]
MODELS = {
    "ok after Resend": MarlinModel(),
    "no ok after Resend": MarlinModel(resend_ok=False),
    "older, refuses what it has": MarlinModel(passes_over=False),
    "ADVANCED_OK": MarlinModel(advanced_ok=True),
    "every seventh line acknowledged twice": MarlinModel(extra_ok=7),
    "every line acknowledged twice": MarlinModel(extra_ok=1),
}


def model_of(kind: str) -> MarlinModel:
    like = MODELS[kind]
    return MarlinModel(
        advanced_ok=like.advanced_ok,
        resend_ok=like.resend_ok,
        passes_over=like.passes_over,
        extra_ok=like.extra_ok,
    )


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("share", [0.001, 0.003])
def test_each_move_is_taken_once_and_in_order(kind: str, share: float) -> None:
    for seed in range(4):
        model, seen = model_of(kind), Seen()
        with driving(model, BadCable(Random(seed), share)) as driver:
            report = driver.run(PROGRAM, allow, seen.watch())
        assert report == RunReport(EndedBy.FINISHED, len(PROGRAM), safe=True), f"seed {seed}"
        assert model.moves == model.executed == PROGRAM, f"seed {seed}"


@pytest.mark.parametrize("kind", MODELS)
def test_on_a_hopeless_cable_no_move_is_taken_twice_or_left_out(kind: str) -> None:
    for seed in range(6):
        model = model_of(kind)
        with driving(model, BadCable(Random(seed), 0.012)) as driver:
            try:
                driver.run(PROGRAM, allow, Seen().watch())
            except MachineFault:
                pass  # named; what counts is what the machine has done
            else:
                assert len(model.moves) == len(PROGRAM), f"seed {seed}"
        assert model.moves == PROGRAM[: len(model.moves)], f"seed {seed}"


def test_a_line_that_the_firmware_acknowledges_twice_makes_none_be_left_out() -> None:
    model = MarlinModel(extra_ok=1)
    with driving(model) as driver:
        assert driver.run(PROGRAM, allow, Seen().watch()).lines_done == len(PROGRAM)
    assert model.moves == PROGRAM
    assert model.overflown == 0


def test_a_restart_whose_banner_is_lost_is_noticed_by_the_numbers() -> None:
    model = MarlinModel()

    def restart(status: object) -> None:
        if model.last_number > 100:
            model.last_number = 0

    seen = Seen()
    watch = seen.watch()
    with driving(model) as driver:
        model.block_s = 0.05
        with pytest.raises(FirmwareReset):
            driver.run(PROGRAM, allow, type(watch)(watch.started, restart, watch.held, watch.resumed))
    assert model.moves == PROGRAM[: len(model.moves)]
