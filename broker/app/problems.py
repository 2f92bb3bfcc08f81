"""The one place that turns errors into RFC 9457 answers."""

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from broker.errors import BrokerError
from broker.wire.rest import Problem

_HTTP_WORDS = {
    404: ("path", "see /api/v1/openapi.json"),
    405: ("method", "see /api/v1/openapi.json"),
    413: ("body", "send a smaller file"),
}


def add_handlers(app: FastAPI) -> None:
    app.add_exception_handler(BrokerError, _broker_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def answer(problem: Problem, headers: dict[str, str] | None = None) -> Response:
    return Response(
        problem.model_dump_json(exclude_none=True),
        status_code=problem.status,
        headers=headers,
        media_type="application/problem+json",
    )


async def _broker_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, BrokerError)
    problem = Problem(title=error.title, status=error.status, detail=error.detail, where=error.where, fix=error.fix)
    return answer(problem, {"WWW-Authenticate": "Bearer"} if error.status == HTTPStatus.UNAUTHORIZED else None)


async def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = [(".".join(str(step) for step in fault["loc"]), str(fault["msg"])) for fault in error.errors()]
    return answer(
        Problem(
            title="The request can't be understood",
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
            detail="; ".join(f"{place}: {message}" for place, message in faults),
            where=faults[0][0] if faults else None,
            fix="see /api/v1/openapi.json",
        )
    )


async def _http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    where, fix = _HTTP_WORDS.get(error.status_code, (None, None))
    problem = Problem(title=phrase, status=error.status_code, detail=error.detail or phrase, where=where, fix=fix)
    return answer(problem, dict(error.headers or {}))


async def _unexpected(_request: Request, error: Exception) -> Response:
    """The server logs the error itself; its words may hold what is nobody's business."""
    return answer(
        Problem(
            title="The broker failed",
            status=HTTPStatus.INTERNAL_SERVER_ERROR,
            detail=f"an unexpected {type(error).__name__}; the broker's log says more",
            fix="send it again; the same Idempotency-Key never does it twice",
        )
    )
