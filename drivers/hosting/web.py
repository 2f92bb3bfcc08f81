"""HTTP to a machine's host, its errors told in the drivers' words."""

from collections.abc import Mapping
from typing import TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from drivers.errors import HostRefused, LinkLost, NoAnswer

Answer = TypeVar("Answer", bound=BaseModel)
_SHOWN = 200
"""Characters of an answer that an error shows."""


def shown(text: str) -> str:
    """The beginning of an answer, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"


def read(model: type[Answer], text: str, what: str) -> Answer:
    """Raises NoAnswer if the text is not what `model` says; `what` names who answered."""
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        raise NoAnswer(f"{what} answers something else than its documents say: {shown(text)!r}") from error


def require_ok(status: int, text: str, what: str) -> None:
    """Raises HostRefused for what the host won't do, NoAnswer for what it can't do now."""
    if status in (401, 403):
        raise HostRefused(f"{what} does not accept the key (HTTP {status}): check api_key", status=status)
    if status >= 500:
        raise NoAnswer(f"{what} is in trouble (HTTP {status}): {shown(text)}")
    if not 200 <= status < 300:
        raise HostRefused(f"{what} refuses it (HTTP {status}): {shown(text)}", status=status)


class Web:
    """One connection; `name` is the host's in errors, `timeout_s` the longest silence."""

    def __init__(self, name: str, url: str, timeout_s: float, headers: Mapping[str, str]) -> None:
        self.what = f"{name} at {url}"
        self._client = httpx.Client(base_url=url, headers=dict(headers), timeout=timeout_s, trust_env=False)

    def send(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        files: Mapping[str, tuple[str, bytes]] | None = None,
        data: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> httpx.Response:
        """Raises LinkLost, NoAnswer, HostRefused."""
        timeout = httpx.USE_CLIENT_DEFAULT if timeout_s is None else httpx.Timeout(timeout_s)
        try:
            response = self._client.request(
                method, path, content=content, files=files, data=data, headers=headers, timeout=timeout
            )
        except httpx.TimeoutException as error:
            raise NoAnswer(f"{self.what} does not answer in time") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise LinkLost(f"{self.what} can't be reached: {error}") from error
        require_ok(response.status_code, response.text, self.what)
        return response

    def read(self, model: type[Answer], path: str) -> Answer:
        """What a GET answers. Raises as `send`."""
        return read(model, self.send("GET", path).text, self.what)

    def close(self) -> None:
        self._client.close()
