"""Who calls Moonraker, what they may, and what goes wrong with a call.

Source: moonraker/utils/exceptions.py, components/authorization.py, common.py (JsonRPC).
"""

import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hardware_sim.hosts.web import Json

if TYPE_CHECKING:
    from hardware_sim.hosts.moonraker.connection import Connection

API_KEY_USER = "_API_KEY_USER_"
ONESHOT_S = 5.0


class ServerError(Exception):
    """An answer that is an error; `code` is an HTTP status."""

    def __init__(self, message: str, code: int = 400) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Call:
    """One request, whichever way it came."""

    method: str
    params: Json
    connection: "Connection | None" = None
    """The WebSocket it came over."""

    def text(self, name: str, default: str | None = None) -> str:
        """Raises ServerError where it is missing without a default."""
        value = self.params.get(name, default)
        if value is None:
            raise ServerError(f"No data for argument: {name}")
        return str(value)

    def number(self, name: str, default: float) -> float:
        try:
            return float(self.text(name, str(default)))
        except ValueError as error:
            raise ServerError(f"Unable to convert argument [{name}] to float") from error


@dataclass(slots=True)
class Door:
    """The API key, and tokens that open once, within five seconds."""

    api_key: str
    _tokens: dict[str, float] = field(default_factory=dict)

    def new_token(self) -> str:
        token = secrets.token_hex(16).upper()
        self._tokens[token] = time.monotonic() + ONESHOT_S
        return token

    def admits(self, key: str | None, token: str | None) -> bool:
        if not self.api_key or key == self.api_key:
            return True
        return token is not None and self._tokens.pop(token, 0.0) > time.monotonic()
