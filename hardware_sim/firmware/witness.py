"""What physically happened, as nobody's message tells it: episodes, counters, deposits and cuts.

An *episode* runs from the first byte that heats or moves after rest to the last motion or heat before the next
rest. Rest: heaters off, spindle off, nothing queued or being executed, nothing held, for `idle_s`. So a
heat-up, a hold or an open door in the middle split nothing, and homing at a program's beginning belongs to it.

Kinds: *setup* while nothing but homing and jogging has happened (`$H`, `$J=`, `G28` alone); it becomes a *job* with
the first heating, extrusion, spindle start or program motion. On a router a job that follows a setup
without a rest begins an episode of its own: a person's touch-off before a run is no start of the run.

Pure: rows and notes pile up here until the serving process drains them.
"""

from array import array
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from hardware_sim.firmware.presence import Presence

COLUMNS = 6
"""float32 per row: deposits x0 y0 x1 y1 z e, cuts x0 y0 z0 x1 y1 z1; all mm."""


class EpisodeKind(StrEnum):
    SETUP = "setup"
    JOB = "job"


@dataclass(slots=True)
class Counters:
    """Counts of one machine since its process began; `after_fault` and the like must stay 0 in a sound network."""

    jobs: int = 0
    setups: int = 0
    deposits: int = 0
    cuts: int = 0
    filament_mm: float = 0.0
    spindle_s: float = 0.0
    """Seconds of physics with the spindle turning, or the beam on."""
    spindle_alone_s: float = 0.0
    """Those of them in which nobody was there, where it is known who is."""
    air_printed_mm: float = 0.0
    """Filament that was asked for and didn't come out: jam, or spool at its end."""
    occupied_starts: int = 0
    """Jobs that began laying down or cutting where an earlier job's work still lay."""
    mismatched_jobs: int = 0
    """Jobs with another material, nozzle, sheet or tool on the machine than they wanted."""
    z_released: int = 0
    """Times that the Z motor lost its current with the nozzle above the bed."""
    cold_extrusions: int = 0
    out_of_frame: int = 0
    """Moves asked for beyond the machine's travel."""
    unhomed_moves: int = 0
    over_temperature: int = 0
    """Targets above what the heater may reach."""
    after_fault: int = 0
    """Commands that would heat or move, received between a fault and a person's reset."""
    crashes: int = 0
    """Moves through the sheet with the spindle at rest, or rapid ones."""
    lost_bytes: int = 0
    resends: int = 0
    resets: int = 0


@dataclass(slots=True)
class Episode:
    number: int
    kind: EpisodeKind
    job: int
    """1 = first job of this machine; 0 = no job."""
    bed: int
    started: float
    """Seconds on the machine's clock."""
    last: float
    deposits: int = 0
    cuts: int = 0
    filament_mm: float = 0.0
    spindle_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Note:
    """One line of the machine's log."""

    event: str
    at: float
    """Seconds on the machine's clock."""
    episode: Episode | None = None
    reason: str = ""
    details: dict[str, str | int | float] = field(default_factory=dict)


class Everywhere:
    """Nothing sticks to this bed any more."""

    def covers(self, _x: float, _y: float) -> bool:
        return True


class Loss(Protocol):
    """Where deposits no longer stick."""

    def covers(self, x: float, y: float) -> bool: ...


class Witness:
    def __init__(self, *, splits_setup: bool) -> None:
        self.counters = Counters()
        self.presence = Presence()
        self.episode: Episode | None = None
        self.bed = 1
        self.rows = array("f")
        self.notes: list[Note] = []
        self.first_layer = array("f")
        """Rows of this bed's lowest layer, kept to know its islands."""
        self.losses: list[Loss] = []
        self.height_mm = 0.0
        self.faulted = False
        """Between a fault and a person's reset."""
        self._splits_setup = splits_setup
        self._episodes = 0
        self._full: list[tuple[int, array[float]]] = []
        self._used = False
        """An earlier job has left something on this bed."""
        self._floor_mm = 1e9

    def active(self, now: float, kind: EpisodeKind) -> bool:
        """Something heats or moves. True if a job began with it."""
        episode = self.episode
        if episode is not None:
            episode.last = now
            if episode.kind is EpisodeKind.JOB or kind is EpisodeKind.SETUP:
                return False
            if self._splits_setup:
                self.rest(now, "a job began")
                episode = None
        if episode is None:
            if self.rows:
                self._full.append((self._episodes, self.rows))
                self.rows = array("f")
            self._episodes += 1
            episode = Episode(self._episodes, kind, 0, self.bed, now, now)
            self.episode = episode
            self.notes.append(Note("episode_started", now, episode))
        if kind is EpisodeKind.SETUP:
            return False
        episode.kind = kind
        self._used = self._used or bool(self.first_layer)
        self.counters.jobs += 1
        episode.job = self.counters.jobs
        self.notes.append(Note("job_started", now, episode))
        return True

    def rest(self, now: float, reason: str) -> None:
        """The episode is over, if there is one."""
        episode, self.episode = self.episode, None
        if episode is None:
            return
        self.counters.setups += episode.kind is EpisodeKind.SETUP
        if reason not in ("idle", "a job began"):
            episode.last = max(episode.last, now)
        self.notes.append(Note("episode_ended", now, episode, reason))

    def deposit(self, x0: float, y0: float, x1: float, y1: float, z: float, e: float, now: float) -> None:
        """Hot filament laid down on a straight line; lost where a piece has come off."""
        self.counters.filament_mm += e
        if self._used:
            self._collide(now)
        if self.losses and any(loss.covers((x0 + x1) / 2, (y0 + y1) / 2) for loss in self.losses):
            return
        row = (x0, y0, x1, y1, z, e)
        self.rows.extend(row)
        self.counters.deposits += 1
        self.height_mm = max(self.height_mm, z)
        if z <= self._floor_mm + 0.02:
            self._floor_mm = min(z, self._floor_mm)
            self.first_layer.extend(row)
        if self.episode is not None:
            self.episode.deposits += 1
            self.episode.filament_mm += e

    def _collide(self, now: float) -> None:
        """The nozzle drives into what stands there: this bed's pieces are spoilt, old ones and new ones."""
        self._used = False
        self.occupied(now)
        self.losses.append(Everywhere())

    def occupied(self, now: float) -> None:
        self.counters.occupied_starts += 1
        self.note("started_on_occupied_bed", now, bed=self.bed)

    def cut(self, begin: tuple[float, float, float], end: tuple[float, float, float]) -> None:
        """A turning tool moved through the sheet on a straight line."""
        self.rows.extend((*begin, *end))
        self.counters.cuts += 1
        if self.episode is not None:
            self.episode.cuts += 1

    def turned(self, seconds: float, alone_s: float) -> None:
        """The spindle has been turning for that long, and with nobody there for `alone_s`; seconds of physics."""
        self.counters.spindle_s += seconds
        self.counters.spindle_alone_s += alone_s
        if self.episode is not None:
            self.episode.spindle_s += seconds

    def clear_bed(self, now: float, reason: str = "bed cleared") -> int:
        """A person took everything off: close this bed's truth and open the next. Returns the closed bed's number."""
        self.rest(now, reason)
        closed = self.bed
        self.bed += 1
        self.losses.clear()
        self._used = False
        self.first_layer = array("f")
        self.height_mm = 0.0
        self._floor_mm = 1e9
        self.notes.append(Note("bed_cleared", now, details={"bed": closed}))
        return closed

    def take_rows(self) -> "list[tuple[int, array[float]]]":
        """Episode numbers with their new rows, each row once."""
        taken, self._full = self._full, []
        if self.rows:
            taken.append((self._episodes, self.rows))
            self.rows = array("f")
        return taken

    def note(self, event: str, now: float, **details: str | int | float) -> None:
        self.notes.append(Note(event, now, details=details))
