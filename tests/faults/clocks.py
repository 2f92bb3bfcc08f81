"""Wall clocks of single computers that jump: `wall_clock`, in every process of them, reads its offset from a file.

A shop's agent, makers and streamers are one computer; the broker is another.
"""

from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.wall_clock import VARIABLE

DAY_S = 86_400.0
OFFSETS_S = {"right": 0.0, "a day ahead": DAY_S, "a day behind": -DAY_S}


@dataclass(slots=True)
class Clocks:
    """`folder` holds a file a computer, named as its first process is."""

    folder: Path
    computers: tuple[str, ...]
    _shows: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        for computer in self.computers:
            self.set(computer, "right")

    def set(self, computer: str, to: str) -> bool:
        """To one of OFFSETS_S, at once; False if it is there already."""
        if self._shows.get(computer) == to:
            return False
        self._shows[computer] = to
        fresh = self.folder / f".{computer}"
        fresh.write_text(f"{OFFSETS_S[to]}\n", encoding="ascii")
        fresh.replace(self.folder / computer)
        return True

    def variables(self, computer: str) -> dict[str, str]:
        return {VARIABLE: str(self.folder / computer)}
