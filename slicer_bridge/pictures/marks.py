"""Numbered marks on a picture: a dot at each place, and the number beside the first, clear of the other numbers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_DOT_PX = 3.5
_LABEL_PX = 10.0
_RINGS_PX = (20.0, 34.0, 50.0, 70.0, 95.0)
_TURNS = np.radians(np.arange(12) * 30.0 - 60.0)


_Point = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Mark:
    """`places` (n, 3) mm, or (n, 2) pixels once on a picture."""

    number: int
    colour: str
    places: NDArray[np.float64]

    def only(self, chosen: NDArray[np.bool_]) -> "Mark":
        return Mark(self.number, self.colour, self.places[chosen])


def marks_svg(marks: list[Mark], size_px: tuple[int, int]) -> str:
    """Marks without a place are left out."""
    shown = [mark for mark in marks if len(mark.places)]
    dots = [_dot(place, mark.colour) for mark in reversed(shown) for place in mark.places]
    taken: list[_Point] = []
    labels = []
    for mark in shown:
        at = _free(mark.places[0], taken, size_px)
        taken.append(at)
        labels.append(_label(mark, at))
    return "".join(dots + labels)


def _free(place: _Point, taken: list[_Point], size_px: tuple[int, int]) -> _Point:
    for ring in _RINGS_PX:
        for turn in _TURNS:
            at: _Point = place + ring * np.array([np.cos(turn), np.sin(turn)])
            inside = (at > _LABEL_PX).all() and (at < np.array(size_px) - _LABEL_PX).all()
            if inside and all(np.linalg.norm(at - other) > 2.2 * _LABEL_PX for other in taken):
                return at
    return place


def _dot(place: _Point, colour: str) -> str:
    return (
        f'<circle cx="{place[0]:.1f}" cy="{place[1]:.1f}" r="{_DOT_PX}" fill="{colour}" fill-opacity="0.75" '
        f'stroke="#fff" stroke-width="0.8"/>'
    )


def _label(mark: Mark, at: _Point) -> str:
    x, y = mark.places[0]
    return (
        f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{at[0]:.1f}" y2="{at[1]:.1f}" stroke="{mark.colour}" stroke-width="1.2"/>'
        f'<circle cx="{at[0]:.1f}" cy="{at[1]:.1f}" r="{_LABEL_PX}" fill="{mark.colour}" stroke="#fff" '
        f'stroke-width="1"/><text x="{at[0]:.1f}" y="{at[1] + 4:.1f}" font-family="sans-serif" font-size="11" '
        f'font-weight="bold" fill="#fff" text-anchor="middle">{mark.number}</text>'
    )
