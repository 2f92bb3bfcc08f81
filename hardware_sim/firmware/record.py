"""Writes what the witness saw: `log.jsonl`, and `episode-NNNN.f32` with rows of six little-endian float32.

Both are only ever appended to, so that a killed process leaves all but its last moment.
"""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from hardware_sim.firmware.witness import Episode, Note, Witness

FLUSH_ROWS = 4096


class Recorder:
    """Raises FileExistsError on a folder that holds another process's log."""

    def __init__(self, folder: Path, machine: str, witness: Witness) -> None:
        if sys.byteorder != "little":
            raise OSError("truth files are written as little-endian float32; this processor is big-endian")
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._machine = machine
        self._witness = witness
        self._log = (folder / "log.jsonl").open("x", encoding="utf-8", buffering=1)
        self._rows: IO[bytes] | None = None
        self._rows_of = 0

    def record(self, now: float, *, everything: bool = False) -> None:
        """Write down what is new; rows only in larger lumps, unless there are notes or `everything` is asked for."""
        witness = self._witness
        if witness.notes or everything or len(witness.rows) >= FLUSH_ROWS * 6:
            self._write_rows()
        if witness.notes:
            notes, witness.notes = witness.notes, []
            wall = datetime.now(UTC)
            for note in notes:
                self._log.write(json.dumps(self._line(note, wall - timedelta(seconds=now))) + "\n")

    def _write_rows(self) -> None:
        for number, rows in self._witness.take_rows():
            if self._rows is None or self._rows_of != number:
                if self._rows is not None:
                    self._rows.close()
                self._rows = (self._folder / f"episode-{number:04d}.f32").open("ab")
                self._rows_of = number
            rows.tofile(self._rows)
            self._rows.flush()

    def _line(self, note: Note, epoch: datetime) -> dict[str, str | int | float | None]:
        def utc(at: float) -> str:
            return (epoch + timedelta(seconds=at)).isoformat(timespec="milliseconds")

        line: dict[str, str | int | float | None] = {"event": note.event, "machine": self._machine, "at": utc(note.at)}
        if note.episode is not None:
            ended = note.event == "episode_ended"
            line.update(_episode(note.episode), started_at=utc(note.episode.started))
            line.update(ended_at=utc(note.episode.last) if ended else None)
        if note.reason:
            line["reason_end" if note.event == "episode_ended" else "reason"] = note.reason
        line.update(note.details)
        return line

    def close(self) -> None:
        self._write_rows()
        if self._rows is not None:
            self._rows.close()
        self._log.close()


def _episode(episode: Episode) -> dict[str, str | int | float]:
    return {
        "episode": episode.number,
        "kind": episode.kind.value,
        "job": episode.job,
        "bed": episode.bed,
        "deposits": episode.deposits,
        "cuts": episode.cuts,
        "filament_mm": round(episode.filament_mm, 2),
        "spindle_s": round(episode.spindle_s, 3),
    }
