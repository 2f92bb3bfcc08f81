"""What happened, for whoever replays a seed; for all others nothing is written down."""

from dataclasses import dataclass, field

from tests.simulation.calendar import Calendar


@dataclass(slots=True)
class Story:
    calendar: Calendar
    told: bool = False
    lines: list[str] = field(default_factory=list)

    def say(self, who: str, what: str, *about: object) -> None:
        """`about` is put into the text's places only if somebody will read it."""
        if self.told:
            hours, seconds = divmod(self.calendar.now_s, 3600)
            minutes, seconds = divmod(seconds, 60)
            text = what % about if about else what
            self.lines.append(f"{int(hours):02}:{int(minutes):02}:{seconds:06.3f}  {who:<16} {text}")
