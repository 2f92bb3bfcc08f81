"""The parser's state as `$G` tells it, and the lines that bring it back.

Source: gnea/grbl 1.1 `report.c` report_gcode_modes(), `print.c` printFloat_RateValue(), `gcode.c`;
grblHAL and FluidNC add words, which are passed over.
"""

import re
from dataclasses import dataclass

_KEPT = re.compile(r"G(?:17|18|19|2[01]|5[4-9](?:\.\d)?|9[0134])")
_MOTIONS = re.compile(r"G(?:[0-3]|80|38\.\d)")

INCH_MM = 25.4


@dataclass(frozen=True, slots=True)
class Modal:
    motion: str = "G0"
    modes: tuple[str, ...] = ()
    """Plane, units, coordinates, distances, feed."""
    spindle: str = "M5"
    coolant: tuple[str, ...] = ()
    tool: int = 0
    feed: str = "0"
    speed: str = "0"

    @property
    def spindle_on(self) -> bool:
        return self.spindle != "M5"

    def motion_line(self, *, told_in_inches: bool = False) -> str:
        """`told_in_inches`: `$13=1`; it decides over the feed's unit in `$G`, not G20 or G21.

        Arcs and probes can't be set without a move: then no motion mode is, and a line without one is refused.
        """
        moving = float(self.feed) > 0 and "G93" not in self.modes
        motion = self.motion if self.motion == "G0" or (self.motion == "G1" and moving) else "G80"
        return motion + "".join(self.modes) + (f"F{self._feed(told_in_inches)}" if moving else "")

    def _feed(self, told_in_inches: bool) -> str:
        read_in_inches = "G20" in self.modes
        if told_in_inches == read_in_inches:
            return self.feed
        factor = 1 / INCH_MM if read_in_inches else INCH_MM
        return f"{float(self.feed) * factor:.3f}"

    def spindle_line(self) -> str:
        return f"{self.spindle}S{self.speed}"


def read_modal(text: str) -> Modal:
    """From `G0 G54 … M5 M9 T0 F0 S0`. Raises ValueError."""
    words = text.split()
    numbers = {word[0]: word[1:].rstrip(".") for word in words if word[:1] in "TFS"}
    tool, feed, speed = (numbers.get(letter, "0") for letter in "TFS")
    float(feed), float(speed)
    return Modal(
        motion=next((word for word in words if _MOTIONS.fullmatch(word)), "G80"),
        modes=tuple(word for word in words if _KEPT.fullmatch(word)),
        spindle=next((word for word in words if word in ("M3", "M4")), "M5"),
        coolant=tuple(word for word in words if word in ("M7", "M8")),
        tool=int(tool),
        feed=feed,
        speed=speed,
    )
