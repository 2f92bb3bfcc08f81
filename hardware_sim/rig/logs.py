"""Following what machines write down: every complete line of `log.jsonl`, once."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

_SAID = {"event", "machine", "at"}


class LogLine(BaseModel):
    """One line of a machine's log; whatever else stands in it is kept too."""

    model_config = ConfigDict(extra="allow", frozen=True)

    event: str
    machine: str
    at: str

    def details(self) -> dict[str, object]:
        return dict(self.model_extra or {})


class LogTail:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._at = 0

    def new(self) -> list[LogLine]:
        """What was written since the last call."""
        if not self._path.exists() or self._path.stat().st_size == self._at:
            return []
        with self._path.open("rb") as file:
            file.seek(self._at)
            whole, newline, _ = file.read().rpartition(b"\n")
        self._at += len(whole) + len(newline)
        return [LogLine.model_validate_json(line) for line in whole.splitlines()]


def words(line: LogLine) -> str:
    """The line as a person reads it: machine, what happened, and what of it is worth telling."""
    told = {
        key: value
        for key, value in line.details().items()
        if value not in ("", None, 0, 0.0) and not key.endswith("_at") and key not in ("episode", "kind_before")
    }
    tail = " ".join(f"{key}={value}" for key, value in told.items())
    return f"{line.machine}: {line.event.replace('_', ' ')} {tail}".rstrip()
