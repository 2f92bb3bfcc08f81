"""Values of SVG's attributes: lengths, transforms, view boxes, and the few style properties that decide what is drawn.

W3C, Scalable Vector Graphics 2, chapters 7 (coordinate systems), 8 (units) and 6 (styling).
"""

import re
from dataclasses import dataclass, replace
from math import cos, radians, sin, tan

import numpy as np
from numpy.typing import NDArray

from slicer_bridge.reading.svg_tree import Node

Matrix = NDArray[np.float64]
"""(3, 3): takes column vectors (x, y, 1) of an element to its parent's coordinates."""

MM_PER_LENGTH = {"mm": 1.0, "cm": 10.0, "in": 25.4, "pt": 25.4 / 72, "pc": 25.4 / 6, "q": 0.25}
MM_PER_PX = 25.4 / 96
NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_UNIT = re.compile(r"\s*([a-zA-Z]*|%)\s*")
_LONGEST = 40
"""Characters of a length; what is longer is no honest one, and costs time."""
_DRAWN = ("display", "visibility", "fill", "stroke", "opacity")


def length(text: str) -> tuple[float, str]:
    """Number and unit ("" without). Raises ValueError."""
    found = NUMBER.match(text.strip()[:_LONGEST])
    unit = _UNIT.fullmatch(text.strip()[found.end() :][:_LONGEST]) if found else None
    if found is None or unit is None:
        raise ValueError(f"{text[:_LONGEST]!r} is no length")
    return float(found[0]), unit[1].lower()


def in_px(text: str) -> float:
    """A length of a shape in user units. Raises ValueError, also for percentages and sizes of type."""
    number, unit = length(text)
    if unit in {"", "px"}:
        return number
    if unit not in MM_PER_LENGTH:
        raise ValueError(f"a length in {unit!r}: convert it to a path")
    return number * MM_PER_LENGTH[unit] / MM_PER_PX


def transform(text: str) -> Matrix:
    """Raises ValueError."""
    whole = np.eye(3)
    for step in text.split(")")[:-1]:
        kind, _, inside = step.strip(" ,\t\r\n").partition("(")
        whole = whole @ _step(kind.strip(), numbers(inside))
    if text.rpartition(")")[2].strip():
        raise ValueError(f"transform {text[:60]!r} is cut off")
    return whole


def numbers(text: str) -> list[float]:
    """Raises ValueError for anything but numbers between spaces and commas."""
    if NUMBER.sub(" ", text).strip(" ,\t\r\n").replace(",", "").strip():
        raise ValueError(f"{text[:60]!r} are no numbers")
    return [float(number) for number in NUMBER.findall(text)]


def _step(kind: str, values: list[float]) -> Matrix:
    match kind, values:
        case "matrix", [a, b, c, d, e, f]:
            found = [[a, c, e], [b, d, f], [0, 0, 1.0]]
        case "translate", [x, *more] if len(more) < 2:
            found = [[1, 0, x], [0, 1, more[0] if more else 0.0], [0, 0, 1.0]]
        case "scale", [x, *more] if len(more) < 2:
            found = [[x, 0, 0], [0, more[0] if more else x, 0], [0, 0, 1.0]]
        case "rotate", [angle, *about] if len(about) in {0, 2}:
            x, y = about or (0.0, 0.0)
            c, s = cos(radians(angle)), sin(radians(angle))
            found = [[c, -s, x - c * x + s * y], [s, c, y - s * x - c * y], [0, 0, 1.0]]
        case "skewX", [angle]:
            found = [[1, tan(radians(angle)), 0], [0, 1, 0], [0, 0, 1.0]]
        case "skewY", [angle]:
            found = [[1, 0, 0], [tan(radians(angle)), 1, 0], [0, 0, 1.0]]
        case _:
            raise ValueError(f"transform {kind[:30]!r} with {len(values)} numbers")
    return np.array(found, dtype=np.float64)


def view_box(node: Node) -> tuple[float, float, float, float] | None:
    """Low x and y, width, height. Raises ValueError."""
    text = node.values.get("viewBox")
    if text is None:
        return None
    box = numbers(text)
    if len(box) != 4 or not np.isfinite(box).all() or box[2] <= 0 or box[3] <= 0:
        raise ValueError(f"viewBox {text[:60]!r} needs four numbers, the last two above 0")
    return box[0], box[1], box[2], box[3]


def fitted(node: Node, box: tuple[float, float, float, float], width: float, height: float) -> Matrix:
    """Takes the view box's coordinates to a viewport of this size at the origin, as preserveAspectRatio says."""
    align, _, way = node.values.get("preserveAspectRatio", "xMidYMid").strip().partition(" ")
    x, y = width / box[2], height / box[3]
    if align != "none":
        x = y = max(x, y) if way.strip() == "slice" else min(x, y)
    share = {"Min": 0.0, "Mid": 0.5, "Max": 1.0}
    left = (width - x * box[2]) * share.get(align[1:4], 0.0 if align == "none" else 0.5)
    top = (height - y * box[3]) * share.get(align[5:8], 0.0 if align == "none" else 0.5)
    return np.array([[x, 0, left - x * box[0]], [0, y, top - y * box[1]], [0, 0, 1.0]])


@dataclass(frozen=True, slots=True)
class Style:
    """What decides whether an element is drawn; fill and stroke are inherited, and so is visibility."""

    filled: bool = True
    stroked: bool = False
    visible: bool = True

    @property
    def drawn(self) -> bool:
        return self.visible and (self.filled or self.stroked)


class StyleSheet:
    """Rules of the file's style elements: for a tag, a class or an id; others (descendants, media) are passed over."""

    def __init__(self, texts: list[str]) -> None:
        self._rules: dict[str, dict[str, str]] = {}
        for rule in (rule for text in texts for rule in _without_comments(text).split("}")):
            selectors, _, body = rule.rpartition("{")
            for selector in selectors.split(","):
                self._rules.setdefault(selector.strip(), {}).update(_declared(body))

    def of(self, node: Node) -> dict[str, str]:
        """Properties of an element: attributes, then rules of tag, class and id, then its own style."""
        found = {key: node.values[key].strip() for key in _DRAWN if key in node.values}
        classes = [f".{name}" for name in node.values.get("class", "").split()]
        for selector in ("*", node.tag, *classes, *(node.tag + name for name in classes), f"#{node.values.get('id')}"):
            found |= self._rules.get(selector, {})
        return found | _declared(node.values.get("style", ""))


def _without_comments(text: str) -> str:
    first, *others = text.split("/*")
    return first + " ".join(other.partition("*/")[2] for other in others)


def _declared(text: str) -> dict[str, str]:
    pairs = (part.partition(":") for part in text.split(";"))
    return {key.strip(): value.replace("!important", "").strip() for key, _, value in pairs if value}


def inherited(above: Style, properties: dict[str, str]) -> Style | None:
    """The style of an element; None if neither it nor anything in it is drawn."""
    if properties.get("display") == "none" or properties.get("opacity") in {"0", "0.0", "0%"}:
        return None
    style = above
    if (fill := properties.get("fill", "inherit")) != "inherit":
        style = replace(style, filled=fill not in {"none", "transparent"})
    if (stroke := properties.get("stroke", "inherit")) != "inherit":
        style = replace(style, stroked=stroke not in {"none", "transparent"})
    if (visibility := properties.get("visibility", "inherit")) != "inherit":
        style = replace(style, visible=visibility == "visible")
    return style
