"""What every page has around it: who looks, where one can go, and the look itself."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from nicegui import ui

from broker.accounts.models import Role
from broker.accounts.service import Caller
from broker.pages.controls import Text, box, link
from broker.pages.policy import PLAIN_POLICY
from broker.pages.sessions import SIGN_IN_PATH, SIGN_OUT_PATH

STYLE_FOLDER = Path(__file__).parent / "style"
STYLE_PATH = "/style"
BUILD_S = 30.0
"""A page may take so long to build; a busy computer needs more than NiceGUI's own 3 s."""
_TITLE = "Llagar"


def asset(name: str) -> str:
    """Address of a file in the style folder; changes with its content, so that browsers may keep it."""
    digest = hashlib.sha256((STYLE_FOLDER / name).read_bytes()).hexdigest()[:12]
    return f"{STYLE_PATH}/{name}?{digest}"


def share_assets() -> None:
    """Once, before the first page."""
    ui.add_head_html(f'<link rel="stylesheet" href="{asset("pages.css")}">', shared=True)
    # After NiceGUI's own script, whose function it replaces.
    ui.add_body_html(f'<script defer src="{asset("reload_only.js")}"></script>', shared=True)


def title(words: str) -> str:
    return f"{words} · {_TITLE}"


@contextmanager
def frame(viewer: Caller | None, here: str = "") -> Iterator[None]:
    """Header and main part of a page; `here` is the path that the navigation marks."""
    with box("header", "top") as top:
        # NiceGUI puts everything into one main element, where a header alone is no landmark.
        top.props["role"] = "banner"
        with link("", "/", "brand") as brand:
            brand.props["aria-label"] = f"{_TITLE}, first page"
            Text("span", "Llagar")
        if viewer is not None:
            _navigation(viewer, here)
    with box("div", "page"):
        yield


def _navigation(viewer: Caller, here: str) -> None:
    places = [("Orders", "/orders"), ("Workshops", "/workshops")]
    if viewer.role is not Role.WORKSHOP:
        places.insert(0, ("New order", "/"))
    with box("nav") as nav:
        nav.props["aria-label"] = "Main"
        for words, target in places:
            anchor = link(words, target)
            if target == here:
                anchor.props["aria-current"] = "page"
    with box("form", "account") as form:
        form.props.update({"method": "post", "action": SIGN_OUT_PATH})
        Text("span", viewer.name)
        Text("button", "Sign out", "plain").props["type"] = "submit"


def to_sign_in(request: Request) -> RedirectResponse:
    """The sign-in page, which comes back to where the request wanted to go."""
    return RedirectResponse(f"{SIGN_IN_PATH}?{urlencode({'follow': request.url.path})}", status_code=303)


def plain_page(status: int, heading: str, words: str, remedy: str = "") -> HTMLResponse:
    """A page without NiceGUI, for when something is amiss."""
    remedies = f"<p>{escape(remedy)}</p>" if remedy else ""
    return HTMLResponse(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title(heading))}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="stylesheet" href="{asset("pages.css")}"></head><body class="plain-page"><main class="page">'
        f'<h1>{escape(heading)}</h1><p>{escape(words)}</p>{remedies}<p><a href="/">To the first page</a></p>'
        "</main></body></html>",
        status_code=status,
        headers={"Content-Security-Policy": PLAIN_POLICY},
    )
