"""One hostile file: how it is made, and the words that answer it."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Case:
    """`make` gives the file's bytes, the same each time; `words` stand in the error, or are "" if it is read safely."""

    name: str
    make: Callable[[], bytes]
    words: str


def text(content: str | Callable[[], str], words: str, name: str) -> Case:
    """`content` in UTF-8; large ones come as functions, so that the corpus is small until it is made."""
    return Case(name, content.encode if isinstance(content, str) else lambda: content().encode(), words)
