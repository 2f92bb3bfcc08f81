"""Who watches the machines themselves, and the protocol's promises; asks neither agent nor broker for their word."""

from collections import Counter
from dataclasses import dataclass, field

from tests.simulation.story import Story


@dataclass(frozen=True, slots=True)
class Violation:
    invariant: str
    what: str


@dataclass(slots=True)
class Judge:
    """`begun`: physical starts by run; `asked_s`: when each permit was asked for; `granted`: run → fence, request."""

    story: Story
    judged: str | None = None
    """The one promise that counts; None: all do."""
    violations: list[Violation] = field(default_factory=list)
    begun: Counter[str] = field(default_factory=Counter)
    asked_s: dict[str, float] = field(default_factory=dict)
    granted: dict[str, tuple[int, str]] = field(default_factory=dict)

    def broken(self, invariant: str, what: str, *about: object) -> None:
        text = what % about if about else what
        self.story.say(invariant, "VIOLATED: %s", text)
        if self.judged in (None, invariant):
            self.violations.append(Violation(invariant, text))
