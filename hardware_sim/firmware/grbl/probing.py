"""G38.2 to G38.5. Source: Grbl 1.1h motion_control.c mc_probe_cycle(), probe.c, report.c report_probe_parameters()."""

from math import sqrt
from typing import TYPE_CHECKING

from hardware_sim.firmware.grbl import program, reports
from hardware_sim.firmware.planner import Block, Point
from hardware_sim.firmware.waits import Execution, Motion
from hardware_sim.firmware.witness import EpisodeKind

if TYPE_CHECKING:
    from hardware_sim.firmware.grbl.machine import Grbl

AWAY = (384, 385)
NO_ERROR = (383, 385)


def contact(machine: "Grbl", place: Point) -> bool:
    """Whether the probe's circuit is closed with the axes there."""
    plate, table = machine.table.plate, machine.table
    return plate is not None and plate.touched(table.tip(place))


def probe(machine: "Grbl", target: Point, motion: int) -> Execution:
    """One cycle: to contact (or its loss), or to `target` and an alarm."""
    yield Motion.STILL
    machine.active(EpisodeKind.SETUP)
    begin = machine.table.believed
    machine.modal.probed = False
    if contact(machine, begin) is not (motion in AWAY):
        machine.raise_alarm(4, "probe in contact too early", forgets=False)
        return
    failing = machine.mishaps.strike_probe()
    if failing is not None:
        machine.witness.note("fault", machine.now, kind=failing.kind.value)
    met = None if failing is not None else _met(machine, begin, target)
    stop = target if met is None else _overshot(machine, begin, target, met)
    yield Motion.SLOT
    program.queue(machine, stop, rapid=False, feed_mm_min=machine.modal.feed_mm_min)
    yield Motion.STILL
    machine.modal.position = machine.table.believed
    if met is not None:
        machine.modal.probed, machine.modal.probe = True, met
    elif motion in NO_ERROR:
        machine.modal.probe = machine.table.believed
    else:
        machine.raise_alarm(5, "probe made no contact", forgets=False)
    machine.out += reports.probe(machine.modal)


def _met(machine: "Grbl", begin: Point, target: Point) -> Point | None:
    table = machine.table
    share = None if table.plate is None else table.plate.met(table.tip(begin), table.tip(target))
    return None if share is None else _between(begin, target, share)


def _between(begin: Point, end: Point, share: float) -> Point:
    a, b, c = (start + (stop - start) * share for start, stop in zip(begin, end, strict=True))
    return (a, b, c)


def _overshot(machine: "Grbl", begin: Point, target: Point, met: Point) -> Point:
    """Where the axes come to rest: from contact on they slow down."""
    length, to_contact = _distance(begin, target), _distance(begin, met)
    fastest, accel = program.limits(machine, Block(begin, target, 1.0, 1.0).unit)
    speed = min(machine.modal.feed_mm_min / 60.0, fastest)
    reached2 = min(speed * speed, 2 * accel * to_contact)
    return _between(begin, target, min(1.0, (to_contact + reached2 / (2 * accel)) / length))


def _distance(a: Point, b: Point) -> float:
    return sqrt(sum((one - other) ** 2 for one, other in zip(a, b, strict=True)))
