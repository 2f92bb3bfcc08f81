"""A page that follows its rows: a part of it is drawn anew only when what it shows has changed."""

from collections.abc import Callable
from typing import Generic, TypeVar

from broker.pages.controls import box

LOOK_S = 1.0
"""How often an open page looks for news."""

Shown = TypeVar("Shown")


class Section(Generic[Shown]):
    """`draw` gets what is shown; equal values draw nothing."""

    def __init__(self, draw: Callable[[Shown], None], tag: str = "section", classes: str = "") -> None:
        self._box = box(tag, classes)
        self._draw = draw
        self._shown: Shown | None = None

    def show(self, value: Shown) -> None:
        if value == self._shown:
            return
        self._shown = value
        self._box.clear()
        with self._box:
            self._draw(value)
