"""Finds a program's block lines again: each block is sliced between two comments that hold a number nobody can guess.

The number is drawn anew for every slicing and leaves no trace, so that neither a part's name nor anything else of an
order can pass for a mark, and the same plate gives the same bytes.
"""

import secrets
from dataclasses import dataclass

from slicer_bridge.errors import SlicerFailed
from slicer_bridge.programs.blocks import BlockSpan
from slicer_bridge.slicing.shop.approval import ApprovedProfile
from slicer_bridge.slicing.shop.block_text import plain_code

NO_NONCE = "0" * 32
"""For the hash of settings, which is to be the same each time."""


def new_nonce() -> str:
    return secrets.token_hex(16)


def marked(slot: str, text: str, nonce: str) -> str:
    """The template between its marks."""
    return f"{_mark(nonce, slot, 'begins')}\n{text}\n{_mark(nonce, slot, 'ends')}\n"


def _mark(nonce: str, slot: str, what: str) -> str:
    return f"; llagar {nonce} {slot} {what}"


def plainly(line: str) -> str:
    """A line of a block as every firmware reads it: one space between words, no `+` before numbers."""
    code, mark, comment = line.rstrip("\n").partition(";")
    plain = plain_code(code)
    return f"{plain}{' ' if mark and plain else ''}{mark}{comment}\n"


@dataclass(frozen=True, slots=True)
class _Found:
    slot: str
    first: int
    last: int


class Marks:
    """`take` is shown every line of a program, `spans` then says which lines of what was kept are whose."""

    def __init__(self, nonce: str, shop: ApprovedProfile) -> None:
        self._nonce = nonce
        self._shop = shop
        self._marks = {_mark(nonce, slot, what): (slot, what) for slot in shop.approvals for what in ("begins", "ends")}
        self._open = ""
        self._first = 0
        self._found: list[_Found] = []

    @property
    def inside(self) -> bool:
        return bool(self._open)

    def take(self, line: str, kept: int) -> bool:
        """Whether the line is a mark, which is left out. `kept`: lines written so far. Raises SlicerFailed."""
        if self._nonce not in line:
            return False
        mark = self._marks.get(line.rstrip("\r\n"))
        if mark is None:
            raise SlicerFailed(f"a block's mark was changed by the slicer: {line[:80]!r}")
        slot, what = mark
        if what == "begins" and not self._open:
            self._open, self._first = slot, kept + 1
        elif what == "ends" and self._open == slot:
            self._open = ""
            if kept >= self._first:
                self._found.append(_Found(slot, self._first, kept))
        else:
            raise SlicerFailed(f"the marks of {slot} don't come in pairs: the slicer moved lines of the shop's blocks")
        return True

    def spans(self) -> tuple[BlockSpan, ...]:
        """Raises SlicerFailed for a block that was left open, or start or end block that is missing."""
        if self._open:
            raise SlicerFailed(f"the program ends within {self._open}: it was cut off")
        slots = [found.slot for found in self._found]
        for slot in ("start_gcode", "end_gcode"):
            if slot in self._shop.approvals and slots.count(slot) != 1:
                raise SlicerFailed(f"the program holds {slot} {slots.count(slot)} times: once is right")
        return tuple(self._span(found) for found in self._found)

    def _span(self, found: _Found) -> BlockSpan:
        approval = self._shop.approvals[found.slot]
        return BlockSpan(
            kind=approval.kind,
            first=found.first,
            last=found.last,
            sha256=approval.sha256,
            words=approval.words,
            effects=approval.effects(self._shop.profile),
        )
