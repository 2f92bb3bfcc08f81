"""What a browser may do with the broker's answers, read from real ones."""

import re

import httpx
import pytest

_TAG = re.compile(r"<(script|style)\b([^>]*)>")


def _policy(answer: httpx.Response) -> dict[str, str]:
    """The first of a page's two policies."""
    first = answer.headers["content-security-policy"].split(",")[0]
    directives = (part.strip().partition(" ") for part in first.split(";"))
    return {name: sources for name, _, sources in directives}


@pytest.mark.parametrize("path", ["/", "/orders", "/workshops", "/sign-in"])
async def test_every_script_and_style_of_a_page_has_its_nonce(ana: httpx.AsyncClient, path: str) -> None:
    answer = await ana.get(path)
    assert answer.status_code == 200
    policy = _policy(answer)
    nonce = policy["script-src"].split("'")[1].removeprefix("nonce-")
    tags = _TAG.findall(answer.text)
    assert len(tags) > 8
    assert all(f'nonce="{nonce}"' in attributes for _, attributes in tags)
    assert answer.headers["content-security-policy"].endswith(f", script-src 'self' 'nonce-{nonce}'")
    assert policy["frame-ancestors"] == policy["default-src"] == policy["base-uri"] == "'none'"
    assert "unsafe-eval" not in answer.headers["content-security-policy"]
    assert "unsafe-inline" not in answer.headers["content-security-policy"]


async def test_a_nonce_is_used_once(ana: httpx.AsyncClient) -> None:
    first, second = [_policy(await ana.get("/orders"))["script-src"] for _ in range(2)]
    assert first != second


async def test_a_page_asks_nothing_of_another_host(ana: httpx.AsyncClient) -> None:
    page = (await ana.get("/workshops")).text
    addresses = re.findall(r"""(?:src|href)="([^"]+)"|url\("([^"]+)"\)""", page)
    found = [one or other for one, other in addresses]
    assert found
    assert all(address.startswith("/") and not address.startswith("//") for address in found)
    for address in found:
        assert (await ana.get(address)).status_code == 200


async def test_a_name_can_bring_in_no_markup(ana: httpx.AsyncClient) -> None:
    page = (await ana.get("/orders")).text
    assert "<i>García</i>" not in page
    assert "García" in page


@pytest.mark.parametrize("path", ["/api/v1/health", "/api/v1/nothing", "/style/pages.css", "/nothing", "/sign-in"])
async def test_all_answers_carry_the_safe_headers(visitor: httpx.AsyncClient, path: str) -> None:
    headers = (await visitor.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


async def test_the_api_sets_no_cookie_and_answers_in_its_own_form(visitor: httpx.AsyncClient) -> None:
    answer = await visitor.get("/api/v1/nothing")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert "set-cookie" not in answer.headers
    assert "set-cookie" not in (await visitor.get("/api/v1/health")).headers


async def test_an_address_that_is_none_gets_a_page_that_says_so(visitor: httpx.AsyncClient) -> None:
    answer = await visitor.get("/no<script>such</script>")
    assert answer.status_code == 404
    assert "<script>" not in answer.text
    assert "There is no such page" in answer.text
