"""What a browser may do with the broker's answers: the headers of every answer, and a nonce for every page.

NiceGUI's page template starts each of its own script and style tags on a line of its own, and writes what people
typed as one JSON line in between. So a tag at the start of a line is the template's and gets the nonce, and text
that found its way into a page does not.
"""

import re
import secrets
from collections.abc import Iterable

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_OWN_TAG = re.compile(rb'(?m)^([ \t]*)<(script|style|link rel="modulepreload")(?=[\s>])')
_DISPLAY_NONE = "'sha256-ZdHxw9eWtnxUb3mk6tBS+gIiVUPE3pGM470keHPDFlE='"
"""Of `display: none`, the one style attribute in NiceGUI's template."""

ANSWER_POLICY = "default-src 'none'; frame-ancestors 'none'"
"""For everything that is no page."""
PLAIN_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""For pages without scripts."""

SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Nothing goes to other hosts; on our own, form posts keep their Origin.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def page_policy(nonce: str) -> str:
    """The strictest policies under which the pages work, measured in docs/decisions/0005; a script must pass both.

    The first lets a page's HTML start no script without the nonce, but lets scripts load others from anywhere;
    the second keeps these to our own host.
    """
    directives: dict[str, Iterable[str]] = {
        "default-src": ("'none'",),
        "script-src": (f"'nonce-{nonce}'", "'strict-dynamic'"),
        "style-src": ("'self'", f"'nonce-{nonce}'"),
        "style-src-attr": ("'unsafe-hashes'", _DISPLAY_NONE),
        "img-src": ("'self'", "data:"),
        "font-src": ("'self'",),
        "connect-src": ("'self'",),
        "form-action": ("'self'",),
        "base-uri": ("'none'",),
        "frame-ancestors": ("'none'",),
    }
    first = "; ".join(f"{name} {' '.join(sources)}" for name, sources in directives.items())
    return f"{first}, script-src 'self' 'nonce-{nonce}'"


class SafeHeaders:
    """Adds the headers to whatever the broker answers, and `Secure` to cookies that were asked for over TLS."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_safe(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SAFE_HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Content-Security-Policy", ANSWER_POLICY)
                if scope["scheme"] == "https":
                    _secure_cookies(message)
            await send(message)

        await self._app(scope, receive, send_safe)


def _secure_cookies(message: Message) -> None:
    message["headers"] = [
        (name, value + b"; Secure" if name == b"set-cookie" and b"secure" not in value.lower() else value)
        for name, value in message["headers"]
    ]


class PageNonce:
    """Gives each of NiceGUI's pages its policy, and the page's own scripts and styles the nonce that it asks for."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        page = _Page(send)
        await self._app(scope, receive, page.send)


class _Page:
    """Holds a page back until it is whole; lets every other answer through."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_page(message):
            self._start = message
        elif self._start is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._finish(self._start)

    async def _finish(self, start: Message) -> None:
        nonce = secrets.token_urlsafe(18)
        body = _OWN_TAG.sub(rb'\1<\2 nonce="' + nonce.encode() + b'"', self._body)
        headers = MutableHeaders(scope=start)
        headers["Content-Length"] = str(len(body))
        headers["Content-Security-Policy"] = page_policy(nonce)
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})


def _is_page(start: Message) -> bool:
    headers = MutableHeaders(scope=start)
    return headers.get("X-NiceGUI-Content") == "page" and headers.get("Content-Type", "").startswith("text/html")
