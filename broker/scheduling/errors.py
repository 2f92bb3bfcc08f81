"""What the scheduling core refuses, named: every error says which field, where in it, and what is wrong."""


class SchedulingError(Exception):
    """The scheduling core can't go on."""


class ProblemError(SchedulingError):
    """The problem is wrong."""

    def __init__(self, field: str, fault: str) -> None:
        super().__init__(f"{field}: {fault}")
        self.field = field
        self.fault = fault

    def __reduce__(self) -> tuple[type["ProblemError"], tuple[str, str]]:
        """Errors travel between processes."""
        return type(self), (self.field, self.fault)


class WrongArray(ProblemError):
    """An array's type or shape doesn't match the problem's other arrays."""


class NotFinite(ProblemError):
    """NaN, or an infinity where a number must stand."""


class OutOfRange(ProblemError):
    """A number is negative, too large, or an index points nowhere."""


class BadOutline(ProblemError):
    """An outline isn't a simple polygon with its low corner at the origin."""


class UnreasonedExclusion(ProblemError):
    """A machine is left out without a reason, or a reason stands where none belongs."""


class NestingFault(SchedulingError):
    """A nest failed its own exact check: a fault of this program, never of the parts."""


class Infeasible(SchedulingError):
    """A result breaks its problem."""

    def __init__(self, violations: tuple[str, ...]) -> None:
        super().__init__("; ".join(violations))
        self.violations = violations

    def __reduce__(self) -> tuple[type["Infeasible"], tuple[tuple[str, ...]]]:
        return type(self), (self.violations,)
