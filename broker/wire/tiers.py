"""How soon something is wanted, and at what cost."""

from enum import StrEnum


class Tier(StrEnum):
    """Lead times that a quote offers."""

    EXPRESS = "express"
    """As soon as can be: before whatever isn't promised."""
    STANDARD = "standard"
    """In the first free places; nobody is later for it."""
    ECONOMY = "economy"
    """On the cheapest machines, at any time within a longer window."""
