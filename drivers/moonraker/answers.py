"""What Moonraker and Klipper say: docs/external_api and docs/printer_objects.md of Arksine/moonraker."""

from collections.abc import Mapping

from pydantic import BaseModel, JsonValue, TypeAdapter, ValidationError

from drivers.base import WebSign
from drivers.errors import NoAnswer
from drivers.hosting.host import Ended, Heater, Outcome, Phase, View, share
from drivers.hosting.web import shown

Objects = dict[str, dict[str, JsonValue]]
"""Printer objects by name, as far as they were told."""


class ServerInfo(BaseModel):
    klippy_state: str = "disconnected"
    components: list[str] = []
    moonraker_version: str = ""


class PrinterInfo(BaseModel):
    state: str = ""
    state_message: str = ""
    software_version: str = ""


class ObjectList(BaseModel):
    objects: list[str]


class Told(BaseModel):
    """What a subscription begins with."""

    status: Objects


class Uploaded(BaseModel):
    class Item(BaseModel):
        path: str
        size: int

    item: Item
    print_started: bool = False
    print_queued: bool = False


class PastJob(BaseModel):
    filename: str
    status: str


class History(BaseModel):
    jobs: list[PastJob]


class Metadata(BaseModel):
    estimated_time: float | None = None


class PrintStats(BaseModel):
    filename: str = ""
    state: str = "standby"
    message: str = ""
    print_duration: float = 0.0


class VirtualCard(BaseModel):
    file_position: int = 0
    file_size: int = 0


class Toolhead(BaseModel):
    position: list[float] = []
    axis_minimum: list[float] = []
    axis_maximum: list[float] = []


class Named(BaseModel):
    name: str


class ExcludeObject(BaseModel):
    objects: list[Named] = []
    excluded_objects: list[str] = []


class Warmth(BaseModel):
    temperature: float
    target: float


class Shown(BaseModel):
    """The objects that a view is made of."""

    print_stats: PrintStats = PrintStats()
    virtual_sdcard: VirtualCard = VirtualCard()
    toolhead: Toolhead = Toolhead()
    exclude_object: ExcludeObject = ExcludeObject()


_OBJECTS = TypeAdapter(Objects)
_PHASES = {"printing": Phase.PRINTING, "paused": Phase.PAUSED}
_KLIPPY = {"shutdown": Phase.HALTED, "error": Phase.HALTED}
_ENDS = {"completed": Ended.FINISHED, "cancelled": Ended.CANCELLED}
_STATES = {"complete": Ended.FINISHED, "cancelled": Ended.CANCELLED, "error": Ended.FAILED}
IN_PROGRESS = "in_progress"


def volume_mm(objects: Mapping[str, Mapping[str, JsonValue]]) -> tuple[float, float, float] | None:
    try:
        toolhead = Toolhead.model_validate(objects.get("toolhead", {}))
    except ValidationError:
        return None
    travel = [high - low for low, high in zip(toolhead.axis_minimum, toolhead.axis_maximum, strict=False)]
    return (travel[0], travel[1], travel[2]) if len(travel) >= 3 else None


def is_heater(name: str) -> bool:
    return name == "heater_bed" or name.startswith("heater_generic ") or name.rstrip("0123456789") == "extruder"


def watched(names: list[str]) -> list[str]:
    """Of all objects that Klipper has, those to be told of."""
    return [name for name in names if name in Shown.model_fields or is_heater(name)]


def changes(params: list[JsonValue]) -> Objects:
    """What a `notify_status_update` tells."""
    try:
        return _OBJECTS.validate_python(params[0] if params else {})
    except ValidationError as error:
        raise NoAnswer(f"Moonraker tells something else than objects: {shown(str(params))}") from error


def merge(objects: Objects, news: Objects) -> None:
    for name, fields in news.items():
        objects.setdefault(name, {}).update(fields)


def klippy_view(state: str, message: str, boot: str) -> View:
    """While Klipper isn't ready."""
    return View(phase=_KLIPPY.get(state, Phase.OFFLINE), text=message or f"Klipper is {state}", boot=boot)


def view(objects: Mapping[str, Mapping[str, JsonValue]], estimated_s: float | None, boot: str, refusal: str) -> View:
    """Raises NoAnswer for objects that aren't as the documents say."""
    try:
        told = Shown.model_validate(objects)
        warm = {name: Warmth.model_validate(fields) for name, fields in objects.items() if is_heater(name)}
    except ValidationError as error:
        raise NoAnswer(f"Moonraker tells something else than its documents say: {shown(str(error))}") from error
    stats, card, position = told.print_stats, told.virtual_sdcard, told.toolhead.position
    return View(
        phase=_PHASES.get(stats.state, Phase.IDLE),
        text=f"{stats.state}: {stats.message}" if stats.message else stats.state,
        path=stats.filename,
        done=share(card.file_position, card.file_size),
        heaters=tuple(Heater(name, heater.temperature, heater.target) for name, heater in sorted(warm.items())),
        position_mm=(position[0], position[1], position[2]) if len(position) >= 3 else None,
        time_left_s=None if estimated_s is None else max(0.0, estimated_s - stats.print_duration),
        objects=tuple(item.name for item in told.exclude_object.objects),
        skipped=tuple(told.exclude_object.excluded_objects),
        boot=boot,
        refusal=refusal,
    )


def outcome_by_history(history: History, name: str) -> Outcome | None:
    """Of the latest job of this file."""
    job = next((job for job in history.jobs if job.filename == name), None)
    if job is None or job.status == IN_PROGRESS:
        return None
    return Outcome(_ENDS.get(job.status, Ended.FAILED), f"{job.status}, by its history")


def outcome_by_stats(objects: Mapping[str, Mapping[str, JsonValue]], name: str) -> Outcome | None:
    """Where Moonraker keeps no history: Klipper's own word on the file that was printed last."""
    seen = view(objects, None, "", "")
    ended = _STATES.get(seen.text.partition(":")[0])
    return Outcome(ended, seen.text) if ended is not None and seen.path == name else None


class _Info(BaseModel):
    class Error(BaseModel):
        code: int = 0
        message: str = ""

    result: ServerInfo | None = None
    error: Error | None = None


def _recognise(status: int, body: str) -> str:
    try:
        info = _Info.model_validate_json(body)
    except ValidationError:
        return ""
    if status == 200 and info.result is not None and info.result.moonraker_version:
        return f"Moonraker {info.result.moonraker_version}"
    refused = info.error is not None and info.error.code == status == 401
    return "Moonraker (it asks for a key)" if refused else ""


SIGN = WebSign("/server/info", _recognise, (7125,))
