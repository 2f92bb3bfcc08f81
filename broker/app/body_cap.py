"""How many bytes a request's body may have: a middleware under every route."""

from fastapi.exceptions import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

JSON_CAP_BYTES = 1_000_000
_FORM_OVERHEAD_BYTES = 65_536


class BodyCap:
    """Forms (uploads) may have `upload_cap_bytes` and their framing; every other body 1 MB. Over it: 413."""

    def __init__(self, app: ASGIApp, upload_cap_bytes: int) -> None:
        self._app = app
        self._upload_cap_bytes = upload_cap_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_form = Headers(scope=scope).get("content-type", "").startswith("multipart/form-data")
        cap = self._upload_cap_bytes + _FORM_OVERHEAD_BYTES if is_form else JSON_CAP_BYTES
        taken = 0

        async def capped() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > cap:
                await _drain(receive, cap)
                limit = self._upload_cap_bytes if is_form else JSON_CAP_BYTES
                # FastAPI hands on its own exception out of a body and no other.
                raise HTTPException(413, f"the request's body is over the cap of {limit:,} bytes")
            return message

        await self._app(scope, capped, send)


async def _drain(receive: Receive, most_bytes: int) -> None:
    """Read on for a while: a peer that still sends when the connection closes never sees the answer."""
    drained = 0
    while drained <= most_bytes:
        message = await receive()
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return
        drained += len(message.get("body", b""))
