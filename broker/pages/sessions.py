"""Who looks at a page: a bearer token, once shown, is remembered by its SHA-256 in a signed cookie.

The cookie is NiceGUI's browser storage, so the broker keeps no session of its own, and any broker process that holds
the same key reads it. A revoked token ends the session with the next page.
"""

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from broker.accounts import repository
from broker.accounts.models import Role
from broker.accounts.service import Caller, caller_of, token_sha256
from broker.database import Database
from broker.errors import Forbidden, Unauthorised

SIGN_IN_PATH = "/sign-in"
SIGN_OUT_PATH = "/sign-out"
COOKIE = "llagar_session"
COOKIE_LIFE_S = 14 * 24 * 3600
_KEY_NAME = "pages.key"
_TOKEN = "token_sha256"


def cookie_key(data: Path) -> str:
    """The key that signs cookies; made on first use, readable by its owner alone."""
    path = data / _KEY_NAME
    if not path.exists():
        half = path.with_suffix(".part")
        half.touch(mode=0o600)
        half.write_text(secrets.token_urlsafe(48), encoding="ascii")
        half.replace(path)
    return path.read_text(encoding="ascii").strip()


@dataclass(frozen=True, slots=True)
class Sessions:
    """Sign-in and the viewer of a request. Session middleware must be in place."""

    database: Database

    async def viewer(self, request: Request) -> Caller | None:
        """None for nobody, and for a token that was revoked since."""
        async with self.database.reading() as session:
            return await self.viewer_within(session, request)

    async def viewer_within(self, session: AsyncSession, request: Request) -> Caller | None:
        digest = request.session.get(_TOKEN)
        if not isinstance(digest, str):
            return None
        account = await repository.account_by_token(session, digest)
        if account is None:
            return None
        return Caller(id=account.id, name=account.name, role=account.role, address=account.address)

    async def buyer(self, request: Request) -> Caller:
        """Somebody who may order. Raises Unauthorised, Forbidden."""
        viewer = await self.viewer(request)
        if viewer is None:
            raise Unauthorised("nobody is signed in", fix=f"sign in at {SIGN_IN_PATH}")
        if viewer.role is Role.WORKSHOP:
            raise Forbidden("a workshop's account doesn't order", fix="sign in with a producer's token")
        return viewer

    async def remember(self, request: Request, token: str) -> Caller:
        """Raises Unauthorised; whoever was signed in before no longer is."""
        request.session.pop(_TOKEN, None)
        async with self.database.reading() as session:
            caller = await caller_of(session, token.strip())
        request.session[_TOKEN] = token_sha256(token.strip())
        return caller

    def router(self) -> APIRouter:
        router = APIRouter(include_in_schema=False)

        @router.post(SIGN_IN_PATH)
        async def sign_in(
            request: Request, token: Annotated[str, Form()], follow: Annotated[str, Form()] = "/"
        ) -> RedirectResponse:
            require_same_origin(request)
            try:
                await self.remember(request, token)
            except Unauthorised:
                return RedirectResponse(f"{SIGN_IN_PATH}?refused=1", status_code=303)
            return RedirectResponse(own_path(follow), status_code=303)

        @router.post(SIGN_OUT_PATH)
        async def sign_out(request: Request) -> RedirectResponse:
            require_same_origin(request)
            request.session.pop(_TOKEN, None)
            return RedirectResponse(SIGN_IN_PATH, status_code=303)

        return router


def require_same_origin(request: Request) -> None:
    """The cookie alone proves no intent: a post that another site's page started is refused. Raises Forbidden."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise Forbidden("this was asked for by a page of another site", fix="start from the broker's own pages")


def own_path(target: str) -> str:
    """`target` if it is a path on this broker, else the first page."""
    inside = target.startswith("/") and not target.startswith("//") and "\\" not in target and target.isprintable()
    return target if inside else "/"
