"""Times against the rig's planners, which share no code with ours: arcs and dwells included, within 1 %."""

import pytest

from hardware_sim.firmware.marlin.axes import Limits
from slicer_bridge.motion.estimate import estimate
from slicer_bridge.motion.limits import MotionLimits, Planner
from tests.slicer_bridge.motion import programs, rig


@pytest.mark.parametrize("acceleration", [500.0, 1500.0, 4000.0])
@pytest.mark.parametrize("deviation", [0.013, 0.05])
@pytest.mark.parametrize("feed", [1200.0, 6000.0])
def test_printers(acceleration: float, deviation: float, feed: float) -> None:
    limits = Limits(
        print_accel=acceleration, travel_accel=1.2 * acceleration, retract_accel=acceleration, junction_mm=deviation
    )
    ours = MotionLimits(
        Planner.MARLIN,
        (limits.feed[0], limits.feed[1], limits.feed[2], limits.feed[3]),
        (limits.accel[0], limits.accel[1], limits.accel[2], limits.accel[3]),
        acceleration,
        1.2 * acceleration,
        acceleration,
        junction_deviation_mm=deviation,
        queue=rig.MARLIN_QUEUE - 1,
    )
    program = programs.ring(feed=feed)
    found = estimate(program.encode(), ours)
    assert found.moving_s == pytest.approx(rig.marlin_s(program, limits), rel=0.01)
    assert found.waiting_s == 2.0
    assert found.arcs == 12


@pytest.mark.parametrize("accelerations", [(300.0, 300.0, 200.0), (50.0, 80.0, 30.0), (1000.0, 400.0, 200.0)])
@pytest.mark.parametrize("deviation", [0.01, 0.05])
@pytest.mark.parametrize("feed", [600.0, 3000.0])
def test_routers(accelerations: tuple[float, float, float], deviation: float, feed: float) -> None:
    router = rig.Router((83.0, 70.0, 30.0), accelerations, deviation)
    limits = MotionLimits(
        Planner.GRBL,
        (*router.rates, 0.0),
        (*accelerations, 0.0),
        junction_deviation_mm=deviation,
        queue=rig.GRBL_QUEUE - 1,
    )
    program = programs.outline(feed=feed)
    found = estimate(program.encode(), limits)
    assert found.moving_s == pytest.approx(rig.grbl_s(program, router), rel=0.01)
    assert found.waiting_s == 3.5
    assert found.unread == 0
