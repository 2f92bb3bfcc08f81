"""What a tick has to plan: which planned runs may move, which must, and who is in a hurry."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from broker.planning.live import Live, PlannedRun, without
from broker.planning.live_posing import LivePosed, pose_live, unable
from broker.planning.moving import Leaving, Moves, moves
from broker.planning.posing import SHIPPING_S
from broker.scheduling.plates.underway import WORTH_MOVING_S, Change
from broker.wire.tiers import Tier

_UNABLE = "the machine can't make it any more"


@dataclass(frozen=True, slots=True)
class Task:
    posed: LivePosed
    reopened: tuple[Leaving, ...]
    """Runs whose machine won't make them: their pieces are among the open ones."""
    left: dict[str, int]
    """Pieces by line that are open without them."""
    hurried: tuple[int, ...]
    """Open lots that go before whatever isn't promised."""


def task_of(live: Live, down: Collection[str], *, described_anew: bool = False) -> Task | None:
    """None where there is nothing to do. Runs on machines that are `down` are planned anew at once.

    Those on others that take no work now stay where they are: whoever is back soon finds them there. Where a shop has
    `described_anew` its hours, people, machines or stock, every run is looked at.
    """
    resting = {station.machine_id: station.idle_because for station in live.situation.stations if station.idle_because}
    left = {line.id: line.pieces for line in live.situation.lines}
    moving = without(live, lambda run: run.machine_id in resting and run.machine_id not in down, reopened=False)
    reopened = [Leaving(run, resting.get(run.machine_id, "")) for run in moving.runs if run.machine_id in down]
    moving = without(moving, lambda run: run.machine_id in down, reopened=True)
    if not (moving.situation.lines or late(moving) or (described_anew and moving.runs)):
        return None
    posed = pose_live(moving)
    if posed is None:
        return None
    cant = unable(posed)
    if cant:
        reopened += [Leaving(run, _UNABLE) for run in moving.runs if run.id in cant]
        moving = without(moving, lambda run: run.id in cant, reopened=True)
        posed = pose_live(moving)
        if posed is None:
            return None
    return Task(posed, tuple(reopened), left, _hurried(posed))


def _hurried(posed: LivePosed) -> tuple[int, ...]:
    lots = range(posed.underway.first, posed.asked)
    return tuple(lot for lot in lots if posed.posed.lines[lot].tier is Tier.EXPRESS)


def late(live: Live) -> bool:
    """Whether a planned run will miss what was promised for it, as planned or by what its machine does before it."""
    due = {line.id: line.due_at for line in live.lines}
    now = live.situation.taken_at
    ends = {station.machine_id: now + timedelta(seconds=station.ready_s) for station in live.situation.stations}
    return any(_misses(run, ends, due) for run in live.runs)


def _misses(run: PlannedRun, ends: dict[str, datetime], due: dict[str, datetime | None]) -> bool:
    """Adds the run to its machine's queue."""
    ends[run.machine_id] += run.end - run.start
    arrives = max(ends[run.machine_id], run.end) + timedelta(seconds=SHIPPING_S - WORTH_MOVING_S)
    return any(at is not None and arrives > at for at in (due.get(line) for line in run.pieces))


def moves_of(task: Task, change: Change, taken_at: datetime) -> Moves:
    return moves(task.posed, change, task.reopened, task.left, taken_at, hurried=bool(task.hurried))
