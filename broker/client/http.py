"""The REST API, typed. Writes carry an idempotency key, so a lost answer is asked for again without harm."""

import secrets
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import httpx
from pydantic import BaseModel, RootModel, ValidationError

from broker.client.errors import BadInput, Refused, Unreachable
from broker.wire.base import Wire
from broker.wire.explanation import ExplanationView
from broker.wire.rest import (
    AcceptRequest,
    Health,
    OrderList,
    OrderView,
    PartView,
    Problem,
    QuoteRequest,
    QuoteView,
    WantedItem,
)
from broker.wire.tiers import Tier
from broker.wire.tracking import RunView

_Answer = TypeVar("_Answer", bound=BaseModel)

_CONNECT_S = 10.0
_ANSWER_S = 300.0
"""Measuring a large file and planning a large batch take their time."""
_PAUSES_S = (0.2, 1.0, 3.0)
"""Before each further try of a write whose answer was lost."""


class _Runs(RootModel[tuple[RunView, ...]]):
    """The runs of an order."""


class _Explanations(RootModel[tuple[ExplanationView, ...]]):
    """Of an order's lines."""


class Client:
    """Synchronous; use it as a context manager. Every method raises Refused and Unreachable."""

    def __init__(self, url: str, token: str, *, pauses_s: tuple[float, ...] = _PAUSES_S) -> None:
        self._url = url.rstrip("/")
        self._pauses_s = pauses_s
        _require_address(url, token)
        self._http = httpx.Client(
            base_url=f"{self._url}/api/v1",
            headers={"Authorization": f"Bearer {token}"},
            timeout=httpx.Timeout(_ANSWER_S, connect=_CONNECT_S),
        )

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._http.close()

    def health(self) -> Health:
        return self._get("/health", Health)

    def upload(self, path: Path, unit: str | None = None) -> PartView:
        """Raises BadInput for a file that can't be read."""
        try:
            file = path.open("rb")
        except OSError as error:
            raise BadInput(
                f"can't read {path}: {error.strerror}", where=str(path), fix="check the file's name and rights"
            ) from error
        headers = {"Idempotency-Key": secrets.token_hex(16)}
        data = {"unit": unit} if unit else {}

        def request() -> httpx.Request:
            file.seek(0)
            return self._http.build_request(
                "POST", "/parts", files={"file": (path.name, file)}, data=data, headers=headers
            )

        with file:
            return _read(self._write(request), PartView)

    def quote(self, items: tuple[WantedItem, ...]) -> QuoteView:
        return self._post("/quotes", QuoteRequest(items=items), QuoteView)

    def accept(self, quote_id: str, tier: Tier = Tier.STANDARD) -> OrderView:
        """Turn a quote into an order; the tier's total is held from now on."""
        return self._post(f"/quotes/{quote_id}/accept", AcceptRequest(tier=tier), OrderView)

    def order(self, order_id: str) -> OrderView:
        return self._get(f"/orders/{order_id}", OrderView)

    def orders(self) -> OrderList:
        return self._get("/orders", OrderList)

    def runs(self, order_id: str) -> tuple[RunView, ...]:
        """Every attempt to make something of the order, by planned start."""
        answer = self._once(self._http.build_request("GET", f"/orders/{order_id}/runs"))
        return tuple(_read(answer, _Runs).root)

    def explanation(self, order_id: str) -> tuple[ExplanationView, ...]:
        """Of each line with something left to make."""
        answer = self._once(self._http.build_request("GET", f"/orders/{order_id}/explanation"))
        return _read(answer, _Explanations).root

    def _get(self, path: str, kind: type[_Answer]) -> _Answer:
        return _read(self._once(self._http.build_request("GET", path)), kind)

    def _post(self, path: str, body: Wire, kind: type[_Answer]) -> _Answer:
        headers = {"Idempotency-Key": secrets.token_hex(16), "Content-Type": "application/json"}
        write = partial(self._http.build_request, "POST", path, content=body.model_dump_json(), headers=headers)
        return _read(self._write(write), kind)

    def _write(self, request: Callable[[], httpx.Request]) -> httpx.Response:
        """The same write, key and all, until one answer arrives."""
        for pause_s in self._pauses_s:
            try:
                return self._once(request())
            except Unreachable:
                time.sleep(pause_s)
        return self._once(request())

    def _once(self, request: httpx.Request) -> httpx.Response:
        try:
            return self._http.send(request)
        except httpx.TransportError as error:
            raise Unreachable(f"{type(error).__name__}: {error}", where=self._url) from error


def _require_address(url: str, token: str) -> None:
    """Raises BadInput for what can be no address or token."""
    if not url.startswith(("http://", "https://")):
        raise BadInput(f"{url!r} is no address of a broker", where="LLAGAR_URL", fix="such as http://127.0.0.1:8040")
    if not token.isascii() or not token.isprintable() or " " in token:
        raise BadInput("the token holds letters that no token has", where="LLAGAR_TOKEN", fix="copy it again")


def _read(answer: httpx.Response, kind: type[_Answer]) -> _Answer:
    if answer.is_success:
        try:
            return kind.model_validate_json(answer.content)
        except ValidationError as error:
            raise Unreachable(f"the answer is not this version's: {error}", where=str(answer.url)) from error
    try:
        raise Refused(Problem.model_validate_json(answer.content))
    except ValidationError:
        detail = f"{answer.status_code} {answer.reason_phrase}"
        raise Refused(
            Problem(title="Refused", status=answer.status_code, detail=detail, where=str(answer.url))
        ) from None
