"""What became of single pieces: good and scrap by lot, skipped while the others went on, counts put right."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from broker.wire.base import Wire


class ScrapReason(StrEnum):
    ADHESION = "adhesion"
    WARP = "warp"
    LAYER_SHIFT = "layer shift"
    STRINGING = "stringing"
    RUNOUT = "runout"
    DIMENSION = "dimension"
    SURFACE = "surface"
    HANDLING = "handling"
    OTHER = "other"


class Scrap(Wire):
    reason: ScrapReason
    pieces: int = Field(ge=1)


class LotCount(Wire):
    lot: str
    good: int = Field(ge=0)
    scrap: tuple[Scrap, ...] = ()


class Skipped(Wire):
    """One piece of a run under way is left out, by an operator or by the firmware: scrap at once.

    The run's count accounts for the others alone.
    """

    kind: Literal["skipped"] = "skipped"
    lot: str
    object: str
    """Its name in the program; each is skipped once."""
    reason: ScrapReason
    operator: str = ""
    """Empty: the firmware did it by itself."""


class Corrected(Wire):
    """Counts of a run that was counted or settled, put right by a person: these take the place of the earlier ones.

    All lots are named that were. Refused once a lot whose count would change was handed over.
    """

    kind: Literal["corrected"] = "corrected"
    operator: str
    note: str
    counts: tuple[LotCount, ...]
