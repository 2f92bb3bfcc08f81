"""What GRBL says, line by line. Source: gnea/grbl 1.1 `doc/markdown/interface.md`; grblHAL and FluidNC alike."""

from collections.abc import Iterator
from dataclasses import dataclass

from drivers.base import SerialSign

Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Ack:
    """`ok`: parsed and queued, not executed."""


OK = Ack()


@dataclass(frozen=True, slots=True)
class Rejected:
    """`error:n` to the oldest line in flight; `tag` 0 is a line of the driver's own."""

    code: int
    tag: int
    line: str


@dataclass(frozen=True, slots=True)
class AlarmRaised:
    code: int


@dataclass(frozen=True, slots=True)
class Report:
    """`<…>`: fields come in any order, and not in every report. Lengths as the firmware reports them."""

    state: str
    sub: int | None = None
    machine: Triple | None = None
    work: Triple | None = None
    offset: Triple | None = None
    feed: float | None = None
    spindle_rpm: float | None = None


@dataclass(frozen=True, slots=True)
class Welcome:
    """The banner of a boot or a soft reset."""

    text: str


@dataclass(frozen=True, slots=True)
class Message:
    """`[KIND:text]`."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Setting:
    """`$n=value`."""

    number: int
    value: str


@dataclass(frozen=True, slots=True)
class Noise:
    """Anything else; never an acknowledgement."""

    text: str


Answer = Ack | Rejected | AlarmRaised | Report | Welcome | Message | Setting | Noise


def read_line(line: str) -> Answer | None:
    """What one line says, without its end; None for an empty one. `error:n` comes without tag and line."""
    if line == "ok":
        return OK
    line = line.strip("\x00\xff \t\r")
    if not line:
        return None
    if line == "ok":
        return OK
    try:
        return _read(line)
    except ValueError:
        return Noise(line)


def _read(line: str) -> Answer:
    if line.startswith("error:"):
        return Rejected(int(line[6:]), 0, "")
    if line.startswith("ALARM:"):
        return AlarmRaised(int(line[6:]))
    if line[0] == "<" and line[-1] == ">":
        return _report(line[1:-1])
    return _fact(line)


def _fact(line: str) -> Answer:
    if line[0] == "[" and line[-1] == "]":
        kind, _, text = line[1:-1].partition(":")
        return Message(kind, text)
    if line.lower().startswith("grbl") and line.endswith("help]"):
        return Welcome(line)
    if line[0] == "$" and "=" in line:
        number, _, value = line[1:].partition("=")
        return Setting(int(number), value.split(" ")[0])
    return Noise(line)


def triple(text: str) -> Triple:
    """The first three axes of `x,y,z[,…]`. Raises ValueError."""
    x, y, z = (float(part) for part in text.split(",")[:3])
    return x, y, z


def _report(text: str) -> Report:
    head, *fields = text.split("|")
    state, _, sub = head.partition(":")
    places: dict[str, Triple] = {}
    feed = spindle = None
    for each in fields:
        key, _, value = each.partition(":")
        if key in ("MPos", "WPos", "WCO"):
            places[key] = triple(value)
        elif key == "FS":
            feed, spindle = (float(part) for part in value.split(",")[:2])
        elif key == "F":
            feed = float(value)
    return Report(
        state=state,
        sub=int(sub) if sub else None,
        machine=places.get("MPos"),
        work=places.get("WPos"),
        offset=places.get("WCO"),
        feed=feed,
        spindle_rpm=spindle,
    )


def recognise(text: str) -> str:
    """The version that `$I` or a banner tells, if that is who answered; at work it tells its state alone."""
    name = ""
    for answer in _answers(text):
        match answer:
            case Message("VER", version):
                return f"Grbl {version.partition(':')[0]}"
            case Welcome(welcome):
                name = welcome.partition(" [")[0]
            case Report():
                name = name or "Grbl"
            case _:
                continue
    return name


def busy(text: str) -> str:
    """Opening it resets it, which is no harm only where nothing is under way."""
    states = [answer.state for answer in _answers(text) if isinstance(answer, Report)]
    if not states:
        return "it has not told its state"
    return "" if states[-1] in ("Idle", "Alarm", "Sleep") else f"it is in state {states[-1]}"


def _answers(text: str) -> Iterator[Answer]:
    for line in text.splitlines():
        answer = read_line(line)
        if answer is not None:
            yield answer


SIGN = SerialSign(b"\n$I\n?\n", recognise, busy)
