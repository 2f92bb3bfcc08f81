"""Who can't make a line, and why, in words for whoever asked for it."""

from broker.planning.posing import Posed, barred_because
from broker.planning.situation import OpenLine, Station
from broker.quotes.live_plan import LeftOut
from broker.scheduling.network.problem import Problem
from broker.scheduling.plates.underway import Change


def left_out(posed: Posed, judged: Problem, lot: int) -> tuple[LeftOut, ...]:
    """Machines that can't make the line, by its problem as its shapes were judged."""
    line = posed.lines[lot]
    found = ((station, _why(judged, lot, machine, line, station)) for machine, station in enumerate(posed.stations))
    return tuple(LeftOut(station.workshop, station.spec.name, words) for station, words in found if words)


def unplanned(posed: Posed, change: Change) -> tuple[str, ...]:
    """What the plan leaves out, for the log. `posed` has the open lines alone."""
    first = len(posed.problem.lots.quantity) - len(posed.lines)
    return tuple(
        f"{left.pieces} of {posed.lines[left.lot - first].id}: {left.reason}{_each(posed, change, left.lot - first)}"
        for left in change.left
    )


def _each(posed: Posed, change: Change, lot: int) -> str:
    """The reasons of a line that nobody at all can make."""
    reasons = left_out(posed, change.judged, lot)
    if len(reasons) < len(posed.stations):
        return ""
    return ": " + "; ".join(dict.fromkeys(left.reason for left in reasons))


def _why(judged: Problem, lot: int, machine: int, line: OpenLine, station: Station) -> str:
    reason = judged.reasons[int(judged.lots.reason[lot, judged.machines.kind[machine]])]
    if reason:
        return reason
    resting = station.idle_because if judged.machines.ready_s[machine] == float("inf") else ""
    return barred_because(line, station) or resting
