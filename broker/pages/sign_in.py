from fastapi import Request
from fastapi.responses import Response
from nicegui import ui

from broker.pages.controls import Text, box
from broker.pages.frame import BUILD_S, frame, title
from broker.pages.sessions import SIGN_IN_PATH, Sessions, own_path


def declare(sessions: Sessions) -> None:
    @ui.page(SIGN_IN_PATH, title=title("Sign in"), response_timeout=BUILD_S)
    async def sign_in_page(request: Request, follow: str = "/", refused: bool = False) -> Response | None:
        with frame(await sessions.viewer(request)):
            Text("h1", "Sign in")
            Text("p", "With the token that your broker's administrator gave you.", "quiet")
            if refused:
                Text("p", "This token is not known, or was revoked.", "fault").props["role"] = "alert"
            _form(own_path(follow))
        return None


def _form(follow: str) -> None:
    with box("form", "card narrow") as form:
        form.props.update({"method": "post", "action": SIGN_IN_PATH})
        with box("div", "field"):
            Text("label", "Token").props["for"] = "token"
            field = {"id": "token", "name": "token", "type": "password", "required": True, "autofocus": True}
            box("input").props.update(field | {"autocomplete": "current-password", "placeholder": "llg_…"})
        box("input").props.update({"type": "hidden", "name": "follow", "value": follow})
        Text("button", "Sign in", "main").props["type"] = "submit"
