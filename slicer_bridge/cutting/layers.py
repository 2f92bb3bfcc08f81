"""What is done with a drawing's lines, as their layers' names say it: `CUT`, `POCKET d=3`, `DRILL`, `ENGRAVE_0.5`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from slicer_bridge.errors import CutRefused


class Operation(StrEnum):
    PROFILE = "profile"
    """Round it: inside of holes, outside of pieces, as they lie in one another."""
    OUTSIDE = "outside"
    INSIDE = "inside"
    POCKET = "pocket"
    """Cleared to its depth; a pocket's line inside it is an island."""
    DRILL = "drill"
    """Circles: drilled, or bored by a mill that fits in."""
    ENGRAVE = "engrave"
    """Along the line, open or closed."""
    IGNORE = "ignore"


NAMES: Mapping[str, Operation] = MappingProxyType(
    {
        "CUT": Operation.PROFILE,
        "PROFILE": Operation.PROFILE,
        "THROUGH": Operation.PROFILE,
        "CONTOUR": Operation.PROFILE,
        "OUTSIDE": Operation.OUTSIDE,
        "INSIDE": Operation.INSIDE,
        "POCKET": Operation.POCKET,
        "DRILL": Operation.DRILL,
        "BORE": Operation.DRILL,
        "ENGRAVE": Operation.ENGRAVE,
        "SCORE": Operation.ENGRAVE,
        "MARK": Operation.ENGRAVE,
        "IGNORE": Operation.IGNORE,
        "CONSTRUCTION": Operation.IGNORE,
        "DEFPOINTS": Operation.IGNORE,
    }
)
"""First word of a layer's name → what is done; any other name is profiled."""
ENGRAVE_MM = 0.3
_LAYER = re.compile(r"([A-Z]+)(?:[ _-]*(?:(?:D|DEPTH) ?[=_]? ?)?(\d+(?:[._,]\d+)?) ?(?:MM)?)?(?:[ _-]*(NO ?TABS?))?")


@dataclass(frozen=True, slots=True, order=True)
class Rule:
    """`depth_mm` None: through the sheet."""

    operation: Operation
    depth_mm: float | None = None
    tabs: bool = True


def rule_of(layer: str, names: Mapping[str, Operation] = NAMES) -> Rule:
    """What is done with the lines of a layer.

    Raises CutRefused where a known word is followed by what can't be read, and for a pocket without depth.
    """
    text = layer.strip().upper()
    word = re.split(r"[^A-Z]", text, maxsplit=1)[0]
    operation = names.get(word)
    if operation is None:
        return Rule(Operation.PROFILE)
    if operation is Operation.IGNORE:
        return Rule(Operation.IGNORE)
    match = _LAYER.fullmatch(text)
    if match is None:
        raise CutRefused(f"layer {layer!r}: after {word} comes a depth such as 'd=3' or '3mm', or 'notabs'")
    depth = None if match[2] is None else float(re.sub(r"[_,]", ".", match[2]))
    if operation is Operation.POCKET and depth is None:
        raise CutRefused(f"layer {layer!r}: a pocket needs its depth: name the layer '{word} d=3'")
    if depth is not None and not 0.01 <= depth <= 200:
        raise CutRefused(f"layer {layer!r}: a depth of {depth:g} mm")
    if operation is Operation.ENGRAVE and depth is None:
        depth = ENGRAVE_MM
    return Rule(operation, depth, match[3] is None)
