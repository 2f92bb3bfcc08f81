"""What a part is judged for, and findings made of a threshold and a measured value."""

from collections.abc import Sequence
from dataclasses import dataclass

from slicer_bridge.facts import Finding, Severity
from slicer_bridge.features import Place, Spot
from slicer_bridge.printability.thresholds import Process, Threshold, Thresholds

MOST_PLACES = 24
_MILDER = {Severity.REFUSE: Severity.REVIEW, Severity.REVIEW: Severity.NOTE, Severity.NOTE: Severity.NOTE}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A process, and what is known of material and machine; lengths are mm."""

    process: Process
    thresholds: Thresholds
    material: str = ""
    tool_mm: float | None = None
    """Nozzle or cutter; None: unknown."""
    thickness_mm: float = 0.0
    """Of the sheet; 0: unknown."""
    machine_mm: tuple[float, float, float] | None = None
    """Usable travel; None: unknown."""

    def limit(self, rule: str) -> Threshold:
        return self.thresholds[self.process][rule].of(self.material)


def found(
    rule: str,
    threshold: Threshold,
    measured: float,
    message: str,
    places: Sequence[Place] = (),
    *,
    limit: float | None = None,
    affected: float = 1.0,
    entities: tuple[str, ...] = (),
) -> Finding:
    """A finding; `limit` where it is not the threshold's own, `affected` share of the surface."""
    severity = threshold.severity if affected >= threshold.share else _MILDER[threshold.severity]
    return Finding(
        rule,
        severity,
        message,
        round(measured, 4),
        round(threshold.limit if limit is None else limit, 4),
        places[0] if places else None,
        threshold.source,
        tuple(places[:MOST_PLACES]),
        entities,
    )


def below(spots: Sequence[Spot], limit_mm: float) -> tuple[Place, ...]:
    return tuple(spot.place for spot in spots if spot.value_mm < limit_mm)
