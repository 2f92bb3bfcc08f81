"""What can go wrong on the producer's side; each says what, where, and what to do."""

from broker.wire.rest import Problem


class ClientError(Exception):
    """The broker was not asked, or said no; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


class BadInput(ClientError):
    """What the producer gave can't be used; nothing was sent."""

    def __init__(self, detail: str, *, where: str, fix: str) -> None:
        super().__init__(Problem(title="Bad input", status=400, detail=detail, where=where, fix=fix))


class Refused(ClientError):
    """The broker answered with a problem."""


class Unreachable(ClientError):
    """No answer."""

    def __init__(self, detail: str, *, where: str) -> None:
        fix = "check LLAGAR_URL, and that the broker runs"
        super().__init__(Problem(title="The broker does not answer", status=503, detail=detail, where=where, fix=fix))
