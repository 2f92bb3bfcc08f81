"""SVG in. Y runs down in SVG and up in a workshop: the drawing is turned, never mirrored."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from slicer_bridge.errors import BadFile, FileTooLarge, UnitUnknown
from slicer_bridge.reading.drawing_lines import MAX_POINTS, DrawingLines, checked
from slicer_bridge.reading.flat_path import FlatPath, without_standstill
from slicer_bridge.reading.svg_shapes import Subpath, subpaths
from slicer_bridge.reading.svg_tree import Node, read_tree
from slicer_bridge.reading.svg_values import (
    MM_PER_LENGTH,
    MM_PER_PX,
    NUMBER,
    Matrix,
    Style,
    StyleSheet,
    fitted,
    in_px,
    inherited,
    length,
    transform,
    view_box,
)
from slicer_bridge.units import MM_PER_UNIT, canonical_unit

MAX_ELEMENTS = 50_000
"""After `use` is unfolded."""
MAX_NUMBERS = 500_000
MAX_NESTING = 200
_SHAPES = frozenset({"path", "rect", "circle", "ellipse", "line", "polyline", "polygon"})
_GROUPS = frozenset({"g", "a", "switch"})
_LEFT_OUT = frozenset({"text", "image", "foreignObject", "video", "iframe", "canvas"})
_NAMES = {"in": "inch", "mm": "mm", "cm": "cm", "pt": "pt", "pc": "pt", "q": "mm"}


def read_svg(path: Path, unit: str | None = None) -> DrawingLines:
    """Outlines of all that is drawn; `unit` says how long one unit of the drawing is, whatever the file says.

    Raises BadFile, UnitUnknown, FileTooLarge.
    """
    root = read_tree(path)
    try:
        name, mm_per_unit = _unit(root, path.name, unit)
        drawing = _Drawing(path.name, root)
        paths = drawing.paths(mm_per_unit)
    except (ValueError, IndexError, TypeError, AttributeError, OverflowError, ZeroDivisionError) as error:
        # svgelements lets several builtin errors through for garbled path data
        raise BadFile(f"{path.name} holds what can't be read ({error}): export it again as plain SVG") from error
    if not paths:
        left = ", ".join(f"{count} {kind}" for kind, count in sorted(drawing.ignored.items()))
        raise BadFile(
            f"{path.name} draws no lines or shapes{f' but {left}' if left else ''}: nothing to cut; "
            "convert texts to paths, show hidden layers, and export it again"
        )
    return DrawingLines(name, tuple(paths), drawing.ignored)


def _unit(root: Node, name: str, given: str | None) -> tuple[str, float]:
    """Name of the unit, and mm that one unit of the drawing's coordinates is long.

    Pixels are 1/96 inch for a browser, 1/72 for older programs, and mm for many a CAD: they are asked for.
    """
    box = view_box(root)
    width, height = root.values.get("width", "100%"), root.values.get("height", root.values.get("width", "100%"))
    number, unit = length(width)
    if given is not None:
        word = canonical_unit(given)
        in_pixels = word in {"px", "pt"} and unit in {"", "px"} and box is not None and number > 0
        return word, MM_PER_UNIT[word] * (number / box[2] if in_pixels and box is not None else 1.0)
    if unit not in MM_PER_LENGTH:
        raise UnitUnknown(
            f"{name} doesn't say its size in mm or inches (its width is {root.values.get('width', 'missing')!r}): "
            "say what one unit of it is (--unit mm, inch, px for 1/96 inch, or pt for 1/72 inch)"
        )
    if not number > 0:
        raise ValueError(f"its width is {width!r}")
    if box is None:
        return _NAMES[unit], MM_PER_PX
    tall, tall_unit = length(height)
    across, along = number * MM_PER_LENGTH[unit], tall * MM_PER_LENGTH.get(tall_unit, 0.0)
    scale = fitted(root, box, across, along if along > 0 and "height" in root.values else across / box[2] * box[3])
    if not np.isclose(scale[0, 0], scale[1, 1], rtol=1e-3):
        raise ValueError("its width and height stretch the drawing: make its page as large as its viewBox")
    return _NAMES[unit], float(scale[0, 0])


@dataclass(slots=True)
class _Drawing:
    """Goes through the tree once. `ignored` counts what is left out, by kind."""

    name: str
    root: Node
    ignored: dict[str, int] = field(default_factory=dict)
    _by_id: dict[str, Node] = field(default_factory=dict)
    _weights: dict[Node, int] = field(default_factory=dict)

    def paths(self, mm_per_unit: float) -> list[FlatPath]:
        nodes = list(_all(self.root))
        self._by_id = {node.values["id"]: node for node in reversed(nodes) if "id" in node.values}
        numbers = sum(len(NUMBER.findall(node.values.get(key, ""))) for node in nodes for key in ("d", "points"))
        if numbers > MAX_NUMBERS:
            raise FileTooLarge(f"{self.name} has {numbers:,} numbers; at most {MAX_NUMBERS:,} are read: simplify it")
        weight = self._weight(self.root, ())
        if weight > MAX_ELEMENTS:
            raise FileTooLarge(
                f"{self.name} unfolds to {weight:,} elements; at most {MAX_ELEMENTS:,} are read: simplify the drawing"
            )
        sheet = StyleSheet([node.text for node in nodes if node.tag == "style"])
        turned = np.diag([mm_per_unit, -mm_per_unit, 1.0])
        found: list[FlatPath] = []
        points = 0
        for path in self._lines(self.root, turned, Style(), sheet):
            found.append(path)
            points += len(path.points)
            if points > MAX_POINTS:
                raise FileTooLarge(f"{self.name}: its curves flatten to over {MAX_POINTS:,} points: simplify it")
        return found

    def _leave_out(self, kind: str) -> None:
        self.ignored[kind] = self.ignored.get(kind, 0) + 1

    def _weight(self, node: Node, above: tuple[Node, ...]) -> int:
        """Elements that this one unfolds to, itself included; each is looked into once."""
        if node in self._weights:
            return self._weights[node]
        if node in above:
            raise BadFile(f"{self.name}: {node.name} uses itself: export it again with its clones unlinked")
        if len(above) > MAX_NESTING:
            raise BadFile(f"{self.name} is nested over {MAX_NESTING} deep: unlink its clones and export it again")
        target = self._used(node) if node.tag == "use" else None
        below = [*node.children, *([target] if target is not None else [])]
        self._weights[node] = 1 + sum(self._weight(child, (*above, node)) for child in below)
        return self._weights[node]

    def _used(self, node: Node) -> Node | None:
        """Only what stands in this file."""
        href = node.values.get("href", "")
        return self._by_id.get(href[1:]) if href.startswith("#") else None

    def _lines(self, node: Node, matrix: Matrix, above: Style, sheet: StyleSheet) -> Iterator[FlatPath]:
        properties = sheet.of(node)
        style = inherited(above, properties)
        if style is None:
            self._leave_out("hidden")
            return
        if node.tag in _LEFT_OUT:
            self._leave_out(node.tag)
            return
        if node.tag not in _SHAPES | _GROUPS | {"svg", "use"}:
            return  # definitions, metadata and what other programs add
        for key in ("clip-path", "mask", "filter"):
            if properties.get(key, node.values.get(key, "none")) != "none":
                self._leave_out(f"{key} not applied")
        inner = matrix @ self._own_transform(node, properties)
        if node.tag in _SHAPES:
            yield from self._shape(node, inner, style)
        elif node.tag == "use":
            yield from self._use(node, inner, style, sheet)
        else:
            if node.tag == "svg" and node is not self.root:
                inner = inner @ _placed(node) @ _viewport(node, node)
            for child in node.children:
                yield from self._lines(child, inner, style, sheet)

    def _own_transform(self, node: Node, properties: dict[str, str]) -> Matrix:
        if "transform" in properties or "transform-origin" in {*properties, *node.values}:
            raise ValueError(f"{node.name} is moved by its style: apply transforms before you export")
        return transform(node.values.get("transform", ""))

    def _use(self, node: Node, matrix: Matrix, style: Style, sheet: StyleSheet) -> Iterator[FlatPath]:
        target = self._used(node)
        if target is None:
            self._leave_out("reference to what is not in the file")
            return
        inner = matrix @ _placed(node)
        if target.tag != "symbol":
            yield from self._lines(target, inner, style, sheet)
            return
        inner = inner @ _viewport(target, node)
        for child in target.children:
            yield from self._lines(child, inner, style, sheet)

    def _shape(self, node: Node, matrix: Matrix, style: Style) -> Iterator[FlatPath]:
        if not style.drawn:
            self._leave_out("hidden")
            return
        for line in subpaths(node):
            line.closed = line.closed or _only_filled(style, line)
            corners = without_standstill(checked(line.corners(matrix), f"{self.name}: {node.name}"))
            if len(corners) > 1:
                yield FlatPath(corners, (node.name,))


def _all(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _all(child)


def _only_filled(style: Style, line: Subpath) -> bool:
    """An area without a line round it ends where it began, drawn so or not."""
    return style.filled and not style.stroked and len(line.pieces) > 1


def _placed(node: Node) -> Matrix:
    x, y = in_px(node.values.get("x", "0")), in_px(node.values.get("y", "0"))
    return np.array([[1.0, 0, x], [0, 1.0, y], [0, 0, 1.0]])


def _viewport(boxed: Node, sized: Node) -> Matrix:
    """Of a symbol or inner svg with a view box, at the size that `sized` says."""
    box = view_box(boxed)
    if box is None:
        return np.eye(3)
    sizes = [sized.values.get(key, boxed.values.get(key)) for key in ("width", "height")]
    if None in sizes:
        raise ValueError(f"{boxed.name} has a viewBox and no size: ungroup it and export again")
    width, height = (in_px(size or "0") for size in sizes)
    return fitted(boxed, box, width, height)
