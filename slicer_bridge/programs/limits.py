"""What one machine may be told to do: read from TOML, described in docs/limits.md; an unknown key is an error."""

import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, Field, ValidationError, model_validator

from slicer_bridge.errors import BadLimits
from slicer_bridge.programs.words import ALWAYS_REFUSED, DEFAULT_WORDS, Dialect, canonical_word

__all__ = ["Axis", "Dialect", "MachineLimits", "Span", "load_limits"]

Span = tuple[float, float]
"""Low and high end, mm."""
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Axis(StrEnum):
    X = "X"
    Y = "Y"
    Z = "Z"


class Envelope(BaseModel, frozen=True, extra="forbid"):
    """Machine coordinates that no move may leave, mm."""

    x: Span
    y: Span
    z: Span

    @model_validator(mode="after")
    def _low_before_high(self) -> Self:
        for name, (low, high) in (("x", self.x), ("y", self.y), ("z", self.z)):
            if not low < high:
                raise ValueError(f"{name} must be [low, high] with low < high, not [{low}, {high}]")
        return self


class MachineLimits(BaseModel, frozen=True, extra="forbid"):
    """A machine's limits. Speeds are mm/s, temperatures °C, accelerations mm/s²."""

    dialect: Dialect
    envelope_mm: Envelope
    home_mm: tuple[float, float, float] | None = None
    """Where a G28 of all axes leaves the head (printers); None: nobody knows, until each axis was told where to go."""
    max_feed_mm_s: Positive
    max_feed_z_mm_s: Positive | None = None
    """For moves of Z alone; None: as `max_feed_mm_s`."""
    max_feed_e_mm_s: Positive | None = None
    """For moves of the filament alone; None: as `max_feed_mm_s`."""
    max_acceleration_mm_s2: Positive | None = None
    """Of the head."""
    max_acceleration_e_mm_s2: Positive | None = None
    """Of the filament."""
    max_jerk_mm_s: Positive | None = None
    """Of M205's axes; Klipper's square corner velocity."""
    tools: Annotated[int, Field(ge=1, le=32)] = 1
    """T0 up to this, without it."""
    max_hotend_c: NotNegative = 0.0
    max_bed_c: NotNegative = 0.0
    max_chamber_c: NotNegative = 0.0
    min_extrusion_c: NotNegative = 170.0
    """Filament moves only when the program has waited for at least this."""
    filament_mm: Positive = 1.75
    max_flow_mm3_s: Positive | None = None
    min_spindle_rpm: NotNegative = 0.0
    max_spindle_rpm: NotNegative = 0.0
    """0: the machine has no spindle."""
    max_laser_s: NotNegative = 0.0
    """Highest S of a laser; 0: the machine has none. A machine has one or the other."""
    max_dwell_s: NotNegative = 120.0
    """Of one G4."""
    max_duration_s: Positive | None = None
    """Of the whole program, by its distances and feeds."""
    allow: frozenset[str] = frozenset()
    """Words over and above the dialect's list, such as M600; never one that is always refused."""
    refuse: frozenset[str] = frozenset()
    """Words of the dialect's list that this machine doesn't get."""

    @model_validator(mode="after")
    def _words_make_sense(self) -> Self:
        for word in sorted(self.allow | self.refuse):
            if canonical_word(word) != word:
                raise ValueError(f"write {word!r} as {canonical_word(word)!r}")
        for word in sorted(self.allow):
            if word in ALWAYS_REFUSED[self.dialect]:
                raise ValueError(f"{word} can't be allowed: {ALWAYS_REFUSED[self.dialect][word]}")
        if self.min_spindle_rpm > self.max_spindle_rpm:
            raise ValueError("min_spindle_rpm is above max_spindle_rpm")
        if self.max_laser_s and self.max_spindle_rpm:
            raise ValueError("max_laser_s and max_spindle_rpm: a machine has a laser or a spindle")
        return self

    @model_validator(mode="after")
    def _home_is_inside(self) -> Self:
        box = self.envelope_mm
        for name, at, (low, high) in zip("xyz", self.home_mm or (), (box.x, box.y, box.z), strict=False):
            if not low <= at <= high:
                raise ValueError(f"home_mm: {name} {at:g} is outside envelope_mm's {low:g} to {high:g}")
        return self

    @property
    def words(self) -> frozenset[str]:
        """Every command that may stand in a program."""
        tools = {f"T{number}" for number in range(self.tools)} if self.dialect is not Dialect.GRBL else set()
        return (frozenset(DEFAULT_WORDS[self.dialect]) | tools | self.allow) - self.refuse


def load_limits(path: Path) -> MachineLimits:
    """Raises BadLimits, naming file and key."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        return MachineLimits.model_validate(values)
    except OSError as error:
        raise BadLimits(f"{path}: can't be read: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadLimits(f"{path}: can't be read as TOML: {error}") from error
    except ValidationError as error:
        reasons = "; ".join(
            f"{'.'.join(str(step) for step in one['loc']) or 'limits'}: {one['msg']}" for one in error.errors()
        )
        raise BadLimits(f"{path}: {reasons} (see docs/limits.md)") from error
