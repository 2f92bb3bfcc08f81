from broker.scheduling.errors import SchedulingError


class WrongFile(SchedulingError):
    """The file isn't one that the scheduling core reads; says what, where in it, and what to do."""
