import base64
import json

import httpx

from tests.broker.pages.conftest import Pages


async def test_without_a_token_every_page_leads_to_sign_in(visitor: httpx.AsyncClient) -> None:
    for path in ("/", "/orders", "/workshops", "/orders/ord_x"):
        answer = await visitor.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in?follow=")
    assert (await visitor.get("/sign-in")).status_code == 200


async def test_a_link_with_the_token_signs_in_and_takes_it_out_of_the_address(
    pages: Pages, visitor: httpx.AsyncClient
) -> None:
    answer = await visitor.get("/", params={"token": pages.token})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    followed = await visitor.get("/", params={"token": pages.token, "follow": "/orders"})
    assert followed.headers["location"] == "/orders"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert (await visitor.get("/")).status_code == 200


async def test_the_cookie_holds_no_token(pages: Pages, ana: httpx.AsyncClient) -> None:
    content = base64.b64decode(ana.cookies["llagar_session"].split(".")[0])
    assert pages.token.encode() not in content
    assert set(json.loads(content)) == {"id", "token_sha256"}


async def test_the_form_leads_back_to_where_one_wanted_to_go(pages: Pages, visitor: httpx.AsyncClient) -> None:
    answer = await visitor.post("/sign-in", data={"token": f" {pages.token}\n", "follow": "/orders"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/orders")
    assert (await visitor.get("/orders")).status_code == 200
    await visitor.post("/sign-out")
    assert (await visitor.get("/orders")).status_code == 303


async def test_a_wrong_token_is_refused_and_another_host_never_followed(
    pages: Pages, visitor: httpx.AsyncClient
) -> None:
    for answer in (await visitor.post("/sign-in", data={"token": "llg_wrong"}), await visitor.get("/?token=llg_wrong")):
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?refused=1")
    assert (await visitor.get("/orders")).status_code == 303
    for target in ("https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example", "orders"):
        answer = await visitor.post("/sign-in", data={"token": pages.token, "follow": target})
        assert answer.headers["location"] == "/"
        linked = await visitor.get("/", params={"token": pages.token, "follow": target})
        assert linked.headers["location"] == "/"


async def test_a_page_of_another_site_can_neither_sign_in_nor_upload(pages: Pages, ana: httpx.AsyncClient) -> None:
    cross = {"Sec-Fetch-Site": "cross-site"}
    assert (await ana.post("/sign-in", data={"token": pages.token}, headers=cross)).status_code == 403
    answer = await ana.post("/uploads", files={"file": ("a.stl", b"solid")}, headers=cross)
    assert answer.status_code == 403


async def test_a_workshop_sees_workshops_and_orders_nothing(pages: Pages, visitor: httpx.AsyncClient) -> None:
    await visitor.get("/", params={"token": pages.workshop_token})
    assert (await visitor.get("/")).headers["location"] == "/workshops"
    assert (await visitor.get("/workshops")).status_code == 200
    answer = await visitor.post("/uploads", files={"file": ("a.stl", b"solid")})
    assert answer.status_code == 403
