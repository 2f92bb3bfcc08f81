"""The status report `<…>`: fields come in any order, and not in every report; unknown ones are passed over.

Source: gnea/grbl 1.1 `report.c` and `doc/markdown/interface.md`; grblHAL `report.c`; FluidNC `Report.cpp`.
"""

from dataclasses import dataclass

Triple = tuple[float, float, float]
AT_REST = frozenset({"Idle", "Sleep", "Check", "Alarm"})
"""States in which whatever was sent is answered at once."""
HOLDING = ("Hold", "Door")
SPINDLE, COOLANT = "SC", "FM"
"""Letters of the field `A`."""


@dataclass(frozen=True, slots=True)
class Report:
    """Lengths as the firmware reports them."""

    state: str
    sub: int | None = None
    machine: Triple | None = None
    work: Triple | None = None
    offset: Triple | None = None
    feed: float | None = None
    spindle_rpm: float | None = None
    line: int | None = None
    """Number of the line whose block is executed now."""
    blocks_free: int | None = None
    """Free blocks of the planner."""
    overrides: tuple[int, int, int] | None = None
    """Feed, rapids, spindle; percent."""
    accessories: str | None = None
    """What is on; comes with the overrides only."""
    pins: str = ""
    acked: int = 0
    """Highest program line acknowledged before it."""

    @property
    def stands(self) -> bool:
        """Held, and done with braking: Hold:1 still brakes; Door:2 does, and beyond that it spins up."""
        if self.state == "Hold":
            return self.sub in (None, 0)
        return self.state == "Door" and self.sub in (None, 0, 1)


def triple(text: str) -> Triple:
    """The first three axes of `x,y,z[,…]`. Raises ValueError."""
    x, y, z = (float(part) for part in text.split(",")[:3])
    return x, y, z


def read_report(text: str) -> Report:
    """The report between `<` and `>`. Raises ValueError."""
    head, *fields = text.split("|")
    state, _, sub = head.partition(":")
    found = dict(field.partition(":")[::2] for field in fields)
    feed, spindle_rpm = _speeds(found)
    return Report(
        state=state,
        sub=int(sub) if sub else None,
        machine=_place(found, "MPos"),
        work=_place(found, "WPos"),
        offset=_place(found, "WCO"),
        feed=feed,
        spindle_rpm=spindle_rpm,
        line=int(found["Ln"]) if "Ln" in found else None,
        blocks_free=int(found["Bf"].split(",")[0]) if "Bf" in found else None,
        overrides=_overrides(found),
        accessories=found.get("A", "" if "Ov" in found else None),
        pins=found.get("Pn", ""),
    )


def _place(found: dict[str, str], key: str) -> Triple | None:
    return triple(found[key]) if key in found else None


def _speeds(found: dict[str, str]) -> tuple[float | None, float | None]:
    if "FS" in found:
        feed, spindle = (float(part) for part in found["FS"].split(",")[:2])
        return feed, spindle
    return (float(found["F"]) if "F" in found else None), None


def _overrides(found: dict[str, str]) -> tuple[int, int, int] | None:
    if "Ov" not in found:
        return None
    feed, rapid, spindle = (int(part) for part in found["Ov"].split(",")[:3])
    return feed, rapid, spindle
