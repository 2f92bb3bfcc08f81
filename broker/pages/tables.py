"""Native tables, states and bars."""

from collections.abc import Callable, Iterable, Sequence

from broker.pages.controls import Text, box
from broker.pages.wording import Tone

Cell = str | Callable[[], object]
"""Text, or what draws the cell's content."""


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[Cell]], *, numbers: Sequence[int] = ()) -> None:
    """`numbers`: columns that align right."""
    with box("div", "scroll"), box("table") as made:
        made.props["aria-label"] = caption
        with box("thead"), box("tr"):
            for column, head in enumerate(heads):
                Text("th", head, _align(column, numbers)).props["scope"] = "col"
        with box("tbody"):
            for row in rows:
                with box("tr"):
                    for column, cell in enumerate(row):
                        _cell(cell, _align(column, numbers))


def _cell(cell: Cell, classes: str) -> None:
    if isinstance(cell, str):
        Text("td", cell, classes)
        return
    with box("td", classes):
        cell()


def _align(column: int, numbers: Sequence[int]) -> str:
    return "number" if column in numbers else ""


def state(words: str, tone: Tone) -> Text:
    return Text("span", words, f"state {tone}")


def bar(label: str, shares: Sequence[tuple[str, float]]) -> None:
    """`shares`: class and part of the whole, 0 to 1; `label` says the same in words."""
    with box("div", "bar") as made:
        made.props.update({"role": "img", "aria-label": label, "title": label})
        for classes, share in shares:
            box("span", classes).style(f"width: {100 * min(max(share, 0.0), 1.0):.2f}%")
