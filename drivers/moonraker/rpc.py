"""JSON-RPC 2.0 over Moonraker's WebSocket; see docs/external_api of Arksine/moonraker. Owned by one thread."""

import itertools
import time
from collections import deque
from collections.abc import Mapping
from contextlib import ExitStack

from pydantic import BaseModel, JsonValue, ValidationError
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.sync.client import ClientConnection, connect

from drivers.errors import HostRefused, LinkLost, NoAnswer
from drivers.hosting.web import require_ok, shown

CLOSE_S = 1.0
PING_S = 5.0
LARGEST_BYTES = 16 * 2**20


class Refusal(BaseModel):
    code: int = 0
    message: str = ""


class Request(BaseModel):
    jsonrpc: str = "2.0"
    method: str
    params: dict[str, JsonValue] | None = None
    id: int


class Message(BaseModel):
    """An answer has an `id`, a notification a `method`."""

    id: int | None = None
    method: str = ""
    params: list[JsonValue] = []
    result: JsonValue = None
    error: Refusal | None = None


class Rpc:
    """Everything raises LinkLost, NoAnswer; a lost connection shows as `connected` False."""

    def __init__(self, url: str, api_key: str, timeout_s: float) -> None:
        self._url = f"{url.rstrip('/').replace('http', 'ws', 1)}/websocket"
        self._what = f"Moonraker at {url}"
        self._headers = {"X-Api-Key": api_key} if api_key else {}
        self._timeout_s = timeout_s
        self._socket: ClientConnection | None = None
        self._stack = ExitStack()
        """Closes the socket."""
        self._ids = itertools.count(1)
        self._asked: dict[int, str] = {}
        self._heard: deque[Message] = deque()
        self.heard_s = 0.0
        """When something came last, monotonic."""

    @property
    def connected(self) -> bool:
        return self._socket is not None

    def connect(self) -> None:
        """Raises HostRefused too."""
        self.close()
        try:
            self._socket = self._stack.enter_context(
                connect(
                    self._url,
                    additional_headers=self._headers,
                    proxy=None,
                    compression=None,
                    open_timeout=self._timeout_s,
                    close_timeout=CLOSE_S,
                    ping_interval=PING_S,
                    ping_timeout=self._timeout_s,
                    max_size=LARGEST_BYTES,
                )
            )
        except InvalidStatus as error:
            text = (error.response.body or b"").decode(errors="replace")
            require_ok(error.response.status_code, text, self._what)
            raise NoAnswer(f"{self._what} has no WebSocket (HTTP {error.response.status_code})") from error
        except TimeoutError as error:
            raise NoAnswer(f"{self._what} does not answer in time") from error
        except (OSError, InvalidHandshake, InvalidURI, EOFError) as error:
            raise LinkLost(f"{self._what} can't be reached: {error}") from error
        self.heard_s = time.monotonic()

    def call(self, method: str, params: Mapping[str, JsonValue] | None = None) -> JsonValue:
        """The result. Raises HostRefused with what the answer says."""
        number = self._send(method, params)
        deadline_s = time.monotonic() + self._timeout_s
        while True:
            message = self._receive(deadline_s - time.monotonic())
            if message is None:
                raise NoAnswer(f"{self._what} does not answer {method} in time")
            if message.id != number:
                self._heard.append(message)
            elif message.error is not None:
                raise HostRefused(self._refused(method, message.error), status=message.error.code)
            else:
                return message.result

    def ask(self, method: str, params: Mapping[str, JsonValue] | None = None) -> None:
        """Without waiting: the answer comes once the machine has done it. A refusal is among what `drain` gives."""
        self._asked[self._send(method, params)] = method

    def drain(self) -> tuple[list[Message], str]:
        """The notifications since the last call, in order, and what was refused of what was asked."""
        while (message := self._receive(0.0)) is not None:
            self._heard.append(message)
        messages, refusal = [], ""
        for message in self._heard:
            if message.method:
                messages.append(message)
            elif message.id in self._asked:
                method = self._asked.pop(message.id)
                refusal = self._refused(method, message.error) if message.error else refusal
        self._heard.clear()
        return messages, refusal

    def _refused(self, method: str, refusal: Refusal) -> str:
        return f"{self._what} refuses {method}: {shown(refusal.message) or refusal.code}"

    def _send(self, method: str, params: Mapping[str, JsonValue] | None) -> int:
        number = next(self._ids)
        request = Request(method=method, params=dict(params) if params else None, id=number)
        socket = self._open_socket()
        try:
            socket.send(request.model_dump_json(exclude_none=True))
        except (ConnectionClosed, OSError) as error:
            raise self._lost(error) from error
        return number

    def _receive(self, timeout_s: float) -> Message | None:
        """None after the time-out."""
        socket = self._open_socket()
        try:
            text = socket.recv(timeout=max(0.0, timeout_s))
        except TimeoutError:
            return None
        except (ConnectionClosed, OSError) as error:
            raise self._lost(error) from error
        self.heard_s = time.monotonic()
        try:
            return Message.model_validate_json(text)
        except ValidationError as error:
            raise NoAnswer(f"{self._what} says what is no JSON-RPC: {shown(str(text))!r}") from error

    def _open_socket(self) -> ClientConnection:
        if self._socket is None:
            raise LinkLost(f"{self._what} is not connected")
        return self._socket

    def _lost(self, error: Exception) -> LinkLost:
        self.close()
        return LinkLost(f"{self._what}: the connection is lost: {error}")

    def close(self) -> None:
        """May be repeated."""
        self._socket = None
        self._asked.clear()
        self._heard.clear()
        self._stack.close()
