"""From outside: asks a process to die or to stop at one of several points, and sees at which it did."""

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

_HIT = "hit "


@dataclass(slots=True)
class Asking:
    """`folder`: what LLAGAR_FAILPOINTS names. One asking a role; a new one takes the place of the one before."""

    folder: Path
    _words: dict[str, str] = field(default_factory=dict)
    _numbers: "count[int]" = field(default_factory=count)

    def __post_init__(self) -> None:
        for name in ("arm", "hit"):
            (self.folder / name).mkdir(parents=True)

    def ask(self, role: str, points: Mapping[str, int], how: signal.Signals = signal.SIGKILL) -> None:
        """To die, or to stop, at the first of these passes; `points`: name → at which pass from now on."""
        word = self._words[role] = f"{role}-{next(self._numbers)}"
        fresh = self.folder / f"fresh-{role}"
        lines = [f"{word} {how.name}", *(f"{point} {nth}" for point, nth in points.items())]
        fresh.write_text("\n".join(lines) + "\n")
        fresh.replace(self.folder / "arm" / role)

    def died(self, role: str) -> str | None:
        """The point at which it died, once."""
        found = self.hit(role)
        return None if found is None else found[1]

    def hit(self, role: str) -> tuple[int, str] | None:
        """Which process got its signal, and where; once."""
        if not self.has_died(role):
            return None
        last = self._hit(role).read_text().splitlines()[-1]
        if not last.startswith(_HIT):
            return None  # it is writing this very moment
        del self._words[role]
        _, pid, point = last.split()
        return int(pid), point

    def has_died(self, role: str) -> bool:
        """It has got its signal, or is about to, and nobody has been told yet."""
        return self._hit(role).exists()

    def _hit(self, role: str) -> Path:
        return self.folder / "hit" / self._words.get(role, "nobody")

    def withdraw(self, role: str) -> None:
        """Nothing is asked of it any more; it may have died meanwhile."""
        (self.folder / "arm" / role).unlink(missing_ok=True)
