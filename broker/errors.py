"""The broker's errors: each knows its HTTP status and says what is wrong, where, and what to do."""

from typing import ClassVar


class BrokerError(Exception):
    """The broker could not do what was asked."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "The broker could not do this"

    def __init__(self, detail: str, *, where: str | None = None, fix: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.where = where
        """Field, file or line that is wrong."""
        self.fix = fix
        """What to do about it."""


class BadRequest(BrokerError):
    status = 400
    title = "The request can't be used"


class Unauthorised(BrokerError):
    status = 401
    title = "No valid token"


class Forbidden(BrokerError):
    status = 403
    title = "Not allowed"


class NotFound(BrokerError):
    status = 404
    title = "Not found"


class Conflict(BrokerError):
    status = 409
    title = "The state has changed"


class TooLarge(BrokerError):
    status = 413
    title = "Too large"


class Unprocessable(BrokerError):
    status = 422
    title = "The content can't be used"
