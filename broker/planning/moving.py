"""What a change of the plan does to its rows, and what is said of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from broker.planning.live import PlannedRun
from broker.planning.live_posing import LivePosed
from broker.planning.plates import pieces_by_line
from broker.planning.situation import Station
from broker.scheduling.plates.placed import Layout
from broker.scheduling.plates.underway import Change, Fresh, Kept

_NOTED_S = 60.0
"""A run that begins later by more is told so."""
PROMISES = "so that others arrive as they were promised"
HURRY = "more urgent work goes first"


@dataclass(frozen=True, slots=True)
class NewRun:
    machine: int
    layout: Layout
    pieces: Mapping[str, int]
    """By line."""
    start: datetime
    end: datetime
    note: str


@dataclass(frozen=True, slots=True)
class Leaving:
    """A planned run that is taken back, because its pieces are made elsewhere."""

    run: PlannedRun
    why: str


@dataclass(frozen=True, slots=True)
class Shifted:
    """A planned run that begins at another time."""

    run: PlannedRun
    start: datetime
    end: datetime
    note: str


@dataclass(frozen=True, slots=True)
class Moves:
    new: tuple[NewRun, ...]
    leaving: tuple[Leaving, ...]
    shifted: tuple[Shifted, ...]

    @property
    def whole(self) -> bool:
        """All of it happens, or nothing: some makes room for others."""
        return bool(self.leaving or self.shifted)

    @property
    def none(self) -> bool:
        return not (self.new or self.whole)


def moves(
    posed: LivePosed,
    change: Change,
    reopened: Sequence[Leaving],
    left: Mapping[str, int],
    taken_at: datetime,
    *,
    hurried: bool,
) -> Moves:
    """`reopened` runs are taken back as far as what they held is made by others now.

    `left`: pieces by line that were open without them.
    """
    why = HURRY if hurried else PROMISES
    pieces = [pieces_by_line(posed.posed, run.layout) for run in change.fresh]
    leaving = (
        *_released(reopened, left, pieces),
        *(Leaving(posed.rows[number], why) for number in change.gone),
    )
    return Moves(
        new=tuple(
            _new(run, of, leaving, posed.posed.stations, taken_at) for run, of in zip(change.fresh, pieces, strict=True)
        ),
        leaving=leaving,
        shifted=_shifted(posed, change, taken_at, why),
    )


def _released(
    reopened: Sequence[Leaving], left: Mapping[str, int], made: Sequence[Mapping[str, int]]
) -> tuple[Leaving, ...]:
    """Those whose pieces are all in new runs, beyond what was open anyway."""
    spare: Counter[str] = Counter()
    for pieces in made:
        spare.update(pieces)
    spare.subtract(left)
    found = []
    for one in reopened:
        if all(spare[line] >= number for line, number in one.run.pieces.items()):
            spare.subtract(one.run.pieces)
            found.append(one)
    return tuple(found)


def _new(
    run: Fresh, pieces: Mapping[str, int], leaving: Sequence[Leaving], stations: Sequence[Station], taken_at: datetime
) -> NewRun:
    return NewRun(
        machine=run.machine,
        layout=run.layout,
        pieces=pieces,
        start=taken_at + timedelta(seconds=run.start_s),
        end=taken_at + timedelta(seconds=run.end_s),
        note=_moved_from(stations[run.machine].machine_id, pieces, leaving, stations),
    )


def _moved_from(
    machine_id: str, pieces: Mapping[str, int], leaving: Sequence[Leaving], stations: Sequence[Station]
) -> str:
    """Which machines were to make any of the pieces, and why they don't; "" if none was."""
    names = {station.machine_id: f"{station.spec.name} of {station.workshop}" for station in stations}
    places: dict[str, str] = {}
    for one in leaving:
        if one.run.machine_id != machine_id and one.run.pieces.keys() & pieces.keys():
            places.setdefault(names.get(one.run.machine_id, "another machine"), one.why)
    reasons = dict.fromkeys(places.values())
    return f"moved from {' and '.join(places)}: {'; '.join(reasons)}" if places else ""


def _shifted(posed: LivePosed, change: Change, taken_at: datetime, why: str) -> tuple[Shifted, ...]:
    """On machines whose turn is another now: a run's time says when it is offered."""
    stations = posed.posed.stations
    touched = {stations[run.machine].machine_id for run in change.fresh}
    touched |= {posed.rows[number].machine_id for number in change.gone}
    touched |= {posed.rows[kept.run].machine_id for kept in change.kept if abs(kept.later_s) > _NOTED_S}
    return tuple(
        _retold(posed.rows[kept.run], kept, taken_at, why)
        for kept in change.kept
        if posed.rows[kept.run].machine_id in touched
    )


def _retold(row: PlannedRun, kept: Kept, taken_at: datetime, why: str) -> Shifted:
    later = f"{kept.later_s / 3600:.1f} h" if kept.later_s >= 3600 else f"{kept.later_s / 60:.0f} min"
    start, end = (taken_at + timedelta(seconds=at_s) for at_s in (kept.start_s, kept.end_s))
    return Shifted(row, start, end, f"begins {later} later: {why}" if kept.later_s > _NOTED_S else "")
