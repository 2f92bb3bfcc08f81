"""Coordinate systems as `$#` tells them, and whether a reported work offset is one of theirs.

Source: gnea/grbl 1.1 `report.c` report_ngc_parameters(); grblHAL tells a tool length for each axis, FluidNC
one or none.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from drivers.grbl.reports import Triple, triple

_ROUNDING_MM = 0.005


@dataclass(frozen=True, slots=True)
class Offsets:
    """Machine coordinates, mm."""

    work: Triple
    """G54."""
    others: tuple[Triple, ...] = ()
    """G55 to G59."""
    shift: Triple = (0.0, 0.0, 0.0)
    """G92 and the tool's length, which come on top of each."""

    def explain(self, offset: Triple) -> bool:
        """One of them is what a report tells as its work offset."""
        return any(self._is(place, offset) for place in (self.work, *self.others))

    def _is(self, place: Triple, offset: Triple) -> bool:
        return all(
            abs(base + shift - told) <= _ROUNDING_MM
            for base, shift, told in zip(place, self.shift, offset, strict=True)
        )


def read_offsets(messages: Mapping[str, str], mm: Callable[[Triple], Triple]) -> Offsets:
    """From what `$#` told, by kind. Raises KeyError, ValueError."""
    x, y, z = triple(messages.get("G92", "0,0,0"))
    lengths = [float(part) for part in messages.get("TLO", "0").split(",")]
    # Grbl tells one length, that of Z.
    dx, dy, dz = (*lengths, 0.0, 0.0)[:3] if len(lengths) > 2 else (0.0, 0.0, lengths[0])
    return Offsets(
        work=mm(triple(messages["G54"])),
        others=tuple(mm(triple(messages[f"G{n}"])) for n in range(55, 60) if f"G{n}" in messages),
        shift=mm((x + dx, y + dy, z + dz)),
    )
