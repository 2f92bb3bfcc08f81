"""What the runs side refuses. Forgery is the peer's fault and ends its connection; a conflict is nobody's."""


class RunsError(Exception):
    """The runs side can't go on with this."""


class NotApplied(RunsError):
    """An event of the right agent that doesn't fit what the broker knows; it is stored and changes nothing."""


class Refused(RunsError):
    """The connection is at fault: it is closed, and told why."""


class Forged(Refused):
    """A signature, name or epoch that is not the agent's own."""


class RolledBack(Refused):
    """A known seq with other content: the agent's journal was rolled back; it must begin a new epoch."""


class Superseded(Refused):
    """Another connection of the same agent took over."""
