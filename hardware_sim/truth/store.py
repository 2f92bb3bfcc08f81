"""Reading what a machine's process wrote: `log.jsonl` and `episode-NNNN.f32` (see firmware/record.py)."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hardware_sim.truth.cuts import SheetOnTable

COLUMNS = 6
Line = dict[str, str | int | float | None]


@dataclass(frozen=True, slots=True)
class EpisodeRecord:
    """`job` is 0 for setup; `ended_at` is None while it lasts. Times are aware UTC."""

    machine: str
    number: int
    kind: str
    job: int
    bed: int
    started_at: datetime
    ended_at: datetime | None
    reason_end: str
    deposits: int
    cuts: int
    filament_mm: float
    spindle_s: float


def read_log(folder: Path) -> list[Line]:
    """Every complete line; one that is still being written is left out."""
    path = folder / "log.jsonl"
    if not path.exists():
        return []
    whole, _, _ = path.read_text(encoding="utf-8").rpartition("\n")
    return [json.loads(line) for line in whole.splitlines()]


def read_episodes(folder: Path) -> list[EpisodeRecord]:
    """All episodes so far, in order, each as last reported."""
    latest: dict[int, EpisodeRecord] = {}
    for line in read_log(folder):
        if "episode" in line:
            record = _episode(line)
            latest[record.number] = record
    return [latest[number] for number in sorted(latest)]


def _episode(line: Line) -> EpisodeRecord:
    ended = line["ended_at"]
    return EpisodeRecord(
        machine=str(line["machine"]),
        number=int(line["episode"] or 0),
        kind=str(line["kind"]),
        job=int(line["job"] or 0),
        bed=int(line["bed"] or 0),
        started_at=datetime.fromisoformat(str(line["started_at"])),
        ended_at=None if ended is None else datetime.fromisoformat(str(ended)),
        reason_end=str(line.get("reason_end", "")),
        deposits=int(line["deposits"] or 0),
        cuts=int(line["cuts"] or 0),
        filament_mm=float(line["filament_mm"] or 0.0),
        spindle_s=float(line["spindle_s"] or 0.0),
    )


def read_rows(folder: Path, episodes: Iterable[int]) -> NDArray[np.float32]:
    """Deposits or cuts of these episodes, (n, 6); episodes that left none add nothing."""
    parts = [np.zeros((0, COLUMNS), dtype=np.float32)]
    for number in episodes:
        path = folder / f"episode-{number:04d}.f32"
        if path.exists():
            values = np.fromfile(path, dtype="<f4")
            parts.append(values[: len(values) // COLUMNS * COLUMNS].reshape(-1, COLUMNS))
    return np.concatenate(parts)


def read_bed(folder: Path, bed: int) -> NDArray[np.float32]:
    """All that lies on this bed, or was cut from its sheet, (n, 6)."""
    return read_rows(folder, [episode.number for episode in read_episodes(folder) if episode.bed == bed])


def read_sheet(folder: Path, bed: int) -> SheetOnTable | None:
    """The sheet that was last loaded for this bed."""
    for line in reversed(read_log(folder)):
        if line["event"] == "sheet_loaded" and line["bed"] == bed:
            names = ("x", "y", "z_top", "width", "depth", "thickness", "tool_diameter")
            return SheetOnTable(*(float(line[name] or 0.0) for name in names))
    return None
