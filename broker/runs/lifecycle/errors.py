class Stale(ValueError):
    """The event speaks of a run that is no longer so."""


class Unfit(ValueError):
    """What the event tells can't be true of this run."""
