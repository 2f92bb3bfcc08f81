"""Lines of a program that the shop's own approved start, end and change blocks made, and what those blocks do.

Whoever makes a program knows which of its lines come from a block; nothing in a program's own text says so. An uploaded
program has no blocks.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from slicer_bridge.programs.words import canonical_word

_FIRST = re.compile(r"[A-Za-z]\d+(?:\.\d+)?(?!\w)|[A-Za-z_]\w*", re.ASCII)

_STILL = re.compile(
    r"M(?:73|7[5-8]|105|115|117|118|141|150|155|191|2[01][0-9]|22[01]|300|413|486|569|572|593|862(?:\.\d)?|90[067]|91\d)"
    r"|SET_\w+|RESPOND"
)
"""Marlin 2.1 and Prusa's firmware `Marlin_main.cpp`, Klipper `docs/G-Codes.md`."""

Point = tuple[float | None, float | None, float | None]


class BlockKind(StrEnum):
    START = "start"
    END = "end"
    CHANGE = "change"
    LAYER = "layer"


@dataclass(frozen=True, slots=True)
class Effects:
    """What the owner declares of an approved block: the state in which it leaves the machine.

    `hotend_c`, `bed_c`: targets, reached and waited for; None: as the block's own M104, M109, M140 and M190 leave them.
    `position_mm`: machine coordinates; None: as the block's own moves leave it, unknown after words of its own.
    """

    homed: bool = False
    hotend_c: float | None = None
    bed_c: float | None = None
    duration_s: float = 0.0
    """Over and above the moves and dwells that stand in it."""
    position_mm: Point = (None, None, None)
    returns: bool = False
    """It leaves the head where it found it, as a change of filament or a picture of each layer does."""


@dataclass(frozen=True, slots=True)
class BlockSpan:
    """Lines `first` to `last` of a program, from 1, inclusive."""

    kind: BlockKind
    first: int
    last: int
    sha256: str
    """Of the approved template."""
    words: frozenset[str] = frozenset()
    """What it may use over and above the dialect's list, canonical: `PRINT_START`, `G29`.

    One that is on the dialect's list too may be written here as nowhere else: `G28 W`, `Tx`.
    """
    effects: Effects = Effects()


def first_word(code: str) -> str:
    """The canonical word of a line without comment, however little else of it is understood; empty without one."""
    match = _FIRST.match(code)
    return canonical_word(match[0]) if match else ""


def moves_nothing(word: str) -> bool:
    """Whether a word outside the lists is known to leave the head where it is."""
    return _STILL.fullmatch(word) is not None


def in_order(blocks: tuple[BlockSpan, ...]) -> tuple[BlockSpan, ...]:
    """By their lines. Raises ValueError if two overlap or one has no line."""
    ordered = tuple(sorted(blocks, key=lambda block: block.first))
    before = 0
    for block in ordered:
        if not before < block.first <= block.last:
            raise ValueError(f"lines {block.first} to {block.last}: blocks have lines and don't overlap")
        before = block.last
    return ordered
