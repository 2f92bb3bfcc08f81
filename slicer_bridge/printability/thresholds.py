"""Limits of the processes, as data: the package's own file, and what a shop or an order puts in its place."""

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from slicer_bridge.errors import BadLimits
from slicer_bridge.facts import Severity


class Process(StrEnum):
    FDM = "fdm"
    SLA = "sla"
    SLS = "sls"
    MJF = "mjf"
    MILL = "mill"
    LASER = "laser"


class Unit(StrEnum):
    MM = "mm"
    MM2 = "mm2"
    MM3 = "mm3"
    SHARE = "share"
    """0 to 1."""
    RATIO = "ratio"
    THICKNESSES = "thicknesses"
    """Of the sheet."""
    COUNT = "count"


_Limit = Annotated[float, Field(ge=0, allow_inf_nan=False)]
_Words = Annotated[str, Field(min_length=3)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Change(_Strict):
    """What is different for one material."""

    limit: _Limit
    source: _Words


class Threshold(_Strict):
    """A limit; below `share` of the part's surface its severity is one step milder."""

    limit: _Limit
    unit: Unit
    severity: Severity
    source: _Words
    share: Annotated[float, Field(ge=0, le=1)] = 0.0
    materials: Mapping[str, Change] = {}

    def of(self, material: str) -> "Threshold":
        """For one material, whatever its case; unchanged for those that are not named."""
        for name, change in self.materials.items():
            if name.lower() == material.lower():
                return self.model_copy(update={"limit": change.limit, "source": change.source})
        return self


_PRINTED = frozenset({"lost-wall", "thin-wall", "hole", "clearance", "trapped"})
_DRAWN = frozenset({"web", "open-contour", "crossing-contour", "duplicate-contour"})
RULES: Mapping[Process, frozenset[str]] = {
    Process.FDM: _PRINTED | {"bridge", "overhang", "floating", "contact", "slender"},
    Process.SLA: _PRINTED | {"drain", "cup"},
    Process.SLS: _PRINTED | {"drain"},
    Process.MJF: _PRINTED | {"drain"},
    Process.MILL: _DRAWN
    | {"thin-wall", "hole", "slot", "pocket", "inside-corner", "sharp-corner", "unreachable", "undercut", "sloped"},
    Process.LASER: _DRAWN | {"hole", "kerf", "gap"},
}
Thresholds = Mapping[Process, Mapping[str, Threshold]]
_FORM: TypeAdapter[dict[Process, dict[str, Threshold]]] = TypeAdapter(dict[Process, dict[str, Threshold]])


def load_thresholds(path: Path) -> Thresholds:
    """A file of the same form as the package's own: what it names takes its place. Raises BadLimits, OSError."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BadLimits(f"{path.name} is no text: give a TOML file of thresholds") from error
    return with_changes(default_thresholds(), _parsed(text, path.name))


@cache
def default_thresholds() -> Thresholds:
    """Of the package. Raises BadLimits if its file lacks a rule."""
    text = files("slicer_bridge.printability").joinpath("thresholds.toml").read_text(encoding="utf-8")
    found = _parsed(text, "thresholds.toml")
    for process, rules in RULES.items():
        missing = rules - set(found.get(process, {}))
        if missing:
            raise BadLimits(f"thresholds.toml: {process} lacks {', '.join(sorted(missing))}")
    return found


def with_changes(base: Thresholds, changes: Thresholds) -> Thresholds:
    """`base` with each rule that `changes` names in its place. Raises BadLimits for a rule with another unit."""
    for process, rules in changes.items():
        for rule, threshold in rules.items():
            unit = base[process][rule].unit
            if threshold.unit is not unit:
                raise BadLimits(f"{process}.{rule} is in {unit}, not in {threshold.unit}")
    return {process: {**rules, **changes.get(process, {})} for process, rules in base.items()}


def _parsed(text: str, name: str) -> dict[Process, dict[str, Threshold]]:
    try:
        found = _FORM.validate_python(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise BadLimits(f"{name} holds no thresholds: {error}") from error
    for process, rules in found.items():
        unknown = set(rules) - RULES[process]
        if unknown:
            known = ", ".join(sorted(RULES[process]))
            raise BadLimits(f"{name}: {process} knows no {', '.join(sorted(unknown))}; it knows {known}")
    return found
