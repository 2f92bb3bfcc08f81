"""The last word on every line: the limits as the owner's files have them when the line is to be sent."""

from collections.abc import Callable

from shop_agent.streamer.program import Loaded
from slicer_bridge.programs.limits import MachineLimits

ChangedLimits = Callable[[], MachineLimits | None]
"""The limits, if the owner has changed them since this was asked last; files that can't be read change nothing."""


class LineCheck:
    """A `drivers.base.LineCheck`. Of limits that change in mid-run, those that hold when a line is sent judge it."""

    def __init__(self, program: Loaded, changed: ChangedLimits) -> None:
        self._program = program
        self._changed = changed
        self._checker = program.checker
        self._taken = 0
        self._blame = ""

    def __call__(self, line: str) -> str | None:
        limits = self._changed()
        if limits is not None:
            self._judge_anew(limits)
        self._taken += 1
        reason = self._checker.feed(line)
        return f"{self._blame}{reason}" if reason is not None else None

    def _judge_anew(self, limits: MachineLimits) -> None:
        """What was sent was allowed then; whether it can go on from there is judged by what is allowed now."""
        self._checker = self._program.anew(limits)
        self._blame = "the limits were changed while it ran: "
        for line in self._program.lines[: self._taken]:
            self._checker.feed(line)
