"""What PrusaLink says: its API v1, as in spec/openapi.yaml of prusa3d/Prusa-Link-Web and, where that is silent, in
lib/WUI/link_content of prusa3d/Prusa-Firmware-Buddy and prusa/link/web of prusa3d/Prusa-Link."""

from pydantic import BaseModel, ValidationError

from drivers.base import WebSign
from drivers.hosting.host import Ended, Heater, Outcome, Phase, View, share


class Version(BaseModel):
    text: str = ""
    server: str = ""
    firmware: str = ""

    @property
    def name(self) -> str:
        """Newer servers put their version into `text`, printers only into `server`."""
        return self.text if any(letter.isdigit() for letter in self.text) else f"{self.text} {self.server}".strip()


class Storage(BaseModel):
    path: str
    available: bool = False
    read_only: bool = False


class Storages(BaseModel):
    storage_list: list[Storage]


class Printer(BaseModel):
    state: str
    temp_nozzle: float | None = None
    target_nozzle: float | None = None
    temp_bed: float | None = None
    target_bed: float | None = None
    axis_x: float | None = None
    axis_y: float | None = None
    axis_z: float | None = None

    def heaters(self) -> tuple[Heater, ...]:
        told = (("tool0", self.temp_nozzle, self.target_nozzle), ("bed", self.temp_bed, self.target_bed))
        return tuple(Heater(name, now, to) for name, now, to in told if now is not None and to is not None)

    def position_mm(self) -> tuple[float, float, float] | None:
        """Told whole only while nothing moves."""
        if self.axis_x is None or self.axis_y is None or self.axis_z is None:
            return None
        return self.axis_x, self.axis_y, self.axis_z


class Status(BaseModel):
    printer: Printer


class File(BaseModel):
    name: str = ""
    """On printers the short name (8.3) …"""
    display_name: str = ""
    """… and the long one."""
    size: int = -1


class Job(BaseModel):
    id: int
    state: str = ""
    progress: float = 0.0
    """Percent."""
    time_remaining: float | None = None
    file: File = File()


# FINISHED and STOPPED stay until somebody dismisses them or the next print begins: the printer takes one.
_PHASES = {
    "IDLE": Phase.IDLE,
    "READY": Phase.IDLE,
    "FINISHED": Phase.IDLE,
    "STOPPED": Phase.IDLE,
    "PRINTING": Phase.PRINTING,
    "PAUSED": Phase.PAUSED,
    "ATTENTION": Phase.ATTENTION,
    "ERROR": Phase.HALTED,
}
_ENDS = {"FINISHED": Ended.FINISHED, "STOPPED": Ended.CANCELLED, "ERROR": Ended.FAILED}


def view(status: Status, job: Job | None) -> View:
    printer = status.printer
    return View(
        phase=_PHASES.get(printer.state, Phase.BUSY),
        text=printer.state,
        path=(job.file.display_name or job.file.name) if job else "",
        done=share(job.progress, 100.0) if job else 0.0,
        heaters=printer.heaters(),
        position_mm=printer.position_mm(),
        time_left_s=job.time_remaining if job else None,
    )


def outcome(view: View) -> Outcome | None:
    """There is no history: how a job ended is told by the state that it leaves behind, or not at all."""
    ended = _ENDS.get(view.text)
    return Outcome(ended, view.text) if ended else None


def _recognise(status: int, body: str) -> str:
    try:
        name = Version.model_validate_json(body).name if status == 200 else ""
    except ValidationError:
        return ""
    return name if name.startswith("PrusaLink") else ""


SIGN = WebSign("/api/version", _recognise, (80,))
"""Where a key is asked for, the answer names nobody."""
