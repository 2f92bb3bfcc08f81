"""An explanation in words, a sentence a line."""

from broker.scheduling.files.named import Names
from broker.scheduling.network.explain import Cause, Change, Explanation, Wait
from broker.scheduling.network.problem import Problem
from broker.wire.durations import DAY_S, MINUTE_S, lasting

MOST_LOTS = 5


def explained(problem: Problem, names: Names, said: Explanation) -> list[str]:
    lines = [_where(problem, names, said)]
    lines += [_wait(names, wait) for wait in said.waits]
    lines += [_alternative(problem, names, said, position) for position in range(len(said.alternatives))]
    for out in said.left_out:
        who = f"machine {names.machines[out.machine]}" if out.machine >= 0 else f"class {names.classes[out.kind]}"
        lines.append(f"Not on {who}: {out.reason}.")
    lines += [f"{_CHANGES[gain.change]} would bring it {lasting(gain.gain_s)} earlier." for gain in said.earlier]
    if said.waits and not said.earlier:
        lines.append("Nothing by itself would bring it earlier.")
    return lines


def _where(problem: Problem, names: Names, said: Explanation) -> str:
    lot = names.lots[said.lot]
    left = f"{said.pieces_left} of its pieces aren't planned: {'; '.join(said.reasons)}." if said.pieces_left else ""
    if not said.machines:
        return f"Lot {lot}: {left or 'there is nothing to make'}"
    shops = problem.machines.workshop
    on = dict.fromkeys(f"{names.machines[m]} ({names.workshops[int(shops[m])]})" for m in said.machines)
    late = said.arrival_s - said.due_s
    due = "" if late == float("-inf") else f", {lasting(abs(late))} {'late' if late > 0 else 'before it is due'}"
    text = f"Lot {lot} is made on {', '.join(on)} and arrives at {moment(said.arrival_s)}{due}, for {said.cost:.0f}."
    return f"{text} {left}".rstrip()


def _wait(names: Names, wait: Wait) -> str:
    more = len(wait.lots) - MOST_LOTS
    lots = ", ".join(names.lots[lot] for lot in wait.lots[:MOST_LOTS]) + (f" and {more} more" if more > 0 else "")
    what = f"{wait.cause}: {lots}" if wait.cause is Cause.MACHINE else wait.cause
    return f"{moment(wait.from_s)} to {moment(wait.until_s)}: {what}."


def _alternative(problem: Problem, names: Names, said: Explanation, position: int) -> str:
    way = said.alternatives[position]
    where = f"{names.machines[way.machine]} ({names.workshops[int(problem.machines.workshop[way.machine])]})"
    if way.arrival_s == float("inf"):
        return f"All of it on {where}: there is no time for it before the horizon."
    later = way.arrival_s - said.arrival_s
    than = "" if not said.machines else f", {lasting(abs(later))} {'later' if later >= 0 else 'earlier'}"
    return f"All of it on {where}: there at {moment(way.arrival_s)}{than}, for {way.cost:.0f}."


_CHANGES = {
    Change.RELEASE: "An earlier release",
    Change.PERSON: "Another person in the workshop",
    Change.SHIFT: "Somebody there at any hour",
    Change.QUEUE: "Moving other lots away from its machine",
    Change.SPLIT: "Making half of its last run on another machine",
    Change.NEARER: "A workshop as near as the nearest",
    Change.ELSEWHERE: "Making all of it on another machine",
}


def moment(at_s: float) -> str:
    """Day and time of day, from the plan's zero."""
    minutes = round(at_s / MINUTE_S)
    days, rest = divmod(minutes, DAY_S // MINUTE_S)
    return f"day {days + 1} {rest // 60:02d}:{rest % 60:02d}"
