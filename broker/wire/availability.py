"""Whether a machine takes work, as its shop says."""

from enum import StrEnum


class Availability(StrEnum):
    FREE = "free"
    BUSY = "busy"
    OCCUPIED = "occupied"
    """A bed or table with parts on it: nobody has cleared it yet."""
    QUARANTINED = "quarantined"
    OWN_WORK = "own work"
    OFFLINE = "offline"
