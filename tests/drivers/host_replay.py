"""A host that plays a transcript: each request must be the next one in it."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.drivers.hosts import HostServer
from tests.drivers.transcripts import transcript


def _player(name: str, wrong: list[str]) -> tuple[ASGIApp, deque[str]]:
    steps = deque(step.data.decode() for step in transcript(name))

    async def play(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        await request.body()
        asked, wanted, answer = f"{request.method} {request.url.path}", steps.popleft(), steps.popleft()
        if asked != wanted:
            wrong.append(f"{asked}, where the transcript has {wanted}")
        status, _, body = answer.partition(" ")
        await Response(body, int(status))(scope, receive, send)

    return play, steps


@contextmanager
def replayed(name: str) -> Iterator[str]:
    """The address. At its end every step was played, in order."""
    wrong: list[str] = []
    app, steps = _player(name, wrong)
    server = HostServer(app)
    try:
        yield server.url
    finally:
        server.down()
    assert (wrong, list(steps)) == ([], [])
