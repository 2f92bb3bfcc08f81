"""What OctoPrint's REST API says, as in docs/api of OctoPrint 1.11 and, where that is silent, src/octoprint there."""

import re

from pydantic import BaseModel, JsonValue, ValidationError

from drivers.base import WebSign
from drivers.hosting.host import Ended, Heater, Outcome, Phase, View, share


class Version(BaseModel):
    text: str


class Port(BaseModel):
    port: str | None = None
    baudrate: int | None = None


class Connection(BaseModel):
    current: Port


class Volume(BaseModel):
    width: float
    depth: float
    height: float


class Profile(BaseModel):
    current: bool = False
    volume: Volume


class Profiles(BaseModel):
    profiles: dict[str, Profile]

    def volume_mm(self) -> tuple[float, float, float] | None:
        """Of the machine that is connected."""
        volume = next((profile.volume for profile in self.profiles.values() if profile.current), None)
        return None if volume is None else (volume.width, volume.depth, volume.height)


class JobFile(BaseModel):
    path: str | None = None
    origin: str | None = None
    size: int | None = None


class JobInfo(BaseModel):
    file: JobFile = JobFile()
    user: str | None = None


class Progress(BaseModel):
    filepos: int | None = None
    printTimeLeft: float | None = None  # noqa: N815


class Job(BaseModel):
    job: JobInfo
    progress: Progress = Progress()
    state: str
    error: str | None = None


class Reading(BaseModel):
    actual: float | None = None
    target: float | None = None
    """None until one was set."""


class Moment(BaseModel):
    time: int


class Printer(BaseModel):
    temperature: dict[str, JsonValue]
    """A reading a heater, and under `history` what the firmware reported lately."""

    def heaters(self) -> tuple[Heater, ...]:
        told = {
            name: Reading.model_validate(value) for name, value in self.temperature.items() if isinstance(value, dict)
        }
        return tuple(
            Heater(name, reading.actual, reading.target or 0.0)
            for name, reading in sorted(told.items())
            if reading.actual is not None
        )

    def reported_s(self) -> int:
        """When the firmware last reported, in whole seconds of the host's clock; 0 where it isn't told."""
        history = self.temperature.get("history")
        moments = [Moment.model_validate(entry).time for entry in history] if isinstance(history, list) else []
        return max(moments, default=0)


class Prints(BaseModel):
    success: int = 0
    failure: int = 0


class File(BaseModel):
    size: int | None = None
    hash: str | None = None
    """SHA-1 of its bytes: filemanager/storage.py, `_create_hash`."""
    prints: Prints | None = None
    """Its history; there is none before the first print has ended."""


# The words are those of `getStateString` in util/comm.py. What isn't here is a step between two of these.
_PHASES = {
    "Operational": Phase.IDLE,
    "Printing": Phase.PRINTING,
    "Printing from SD": Phase.PRINTING,
    "Paused": Phase.PAUSED,
    "Opening serial connection": Phase.OFFLINE,
    "Detecting serial connection": Phase.OFFLINE,
    "Connecting": Phase.OFFLINE,
}
_DOWN = re.compile("(?:Offline|Closed|Error)")
_HALTED = re.compile(r"halt|kill|emergency|M112|runaway|system stopped|heating failed|m(?:ax|in)temp", re.IGNORECASE)
CANCELLING = "Cancelling"


def phase(job: Job) -> Phase:
    if _DOWN.match(job.state):
        return Phase.HALTED if _HALTED.search(f"{job.state} {job.error or ''}") else Phase.OFFLINE
    return _PHASES.get(job.state, Phase.BUSY)


def view(job: Job, heaters: tuple[Heater, ...]) -> View:
    file = job.job.file
    path = file.path or ""
    return View(
        phase=phase(job),
        text=f"{job.state}: {job.error}" if job.error else job.state,
        path=path if file.origin in ("local", None) else f"{file.origin}/{path}",
        owner=job.job.user or "",
        done=share(job.progress.filepos or 0, file.size or 0),
        heaters=heaters,
        time_left_s=job.progress.printTimeLeft,
    )


def outcome(file: File, cancelled: bool) -> Outcome | None:
    """Of a file that was printed once at most. History knows success and failure; a cancelled print is a failure."""
    if file.prints is None:
        return None
    if file.prints.success:
        return Outcome(Ended.FINISHED, "printed, by its history")
    if not file.prints.failure:
        return None
    if cancelled:
        return Outcome(Ended.CANCELLED, "cancelled")
    return Outcome(Ended.FAILED, "its history has a failure: it failed, or was cancelled there")


class CurrentUser(BaseModel):
    groups: list[str]
    permissions: list[str]


def _recognise(status: int, body: str) -> str:
    try:
        user = CurrentUser.model_validate_json(body) if status == 200 else None
    except ValidationError:
        return ""
    return "OctoPrint" if user is not None and {"guests", "users"} & set(user.groups) else ""


SIGN = WebSign("/api/currentuser", _recognise, (80, 5000))
"""The one question that OctoPrint answers without a key; its version isn't in it."""
