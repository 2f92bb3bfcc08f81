import html

import httpx

from broker.database import Database
from broker.wire.rest import OrderView, PartView, QuoteView
from broker.wire.tiers import Tier
from tests.broker.pages import making
from tests.broker.pages.conftest import Pages
from tests.broker.parts.shapes import box_stl, rectangle_dxf


async def _ordered(pages: Pages, tier: Tier = Tier.STANDARD) -> str:
    """An order of three cubes, made over the REST API."""
    api = httpx.AsyncClient(
        base_url=f"{pages.url}/api/v1", headers={"Authorization": f"Bearer {pages.token}"}, trust_env=False, timeout=60
    )
    async with api:
        part = PartView.model_validate_json(
            (await api.post("/parts", files={"file": ("cube.stl", box_stl(20, 20, 20))})).content
        )
        asked = {"items": [{"part_id": part.id, "quantity": 3, "material": "PETG"}]}
        quote = QuoteView.model_validate_json((await api.post("/quotes", json=asked)).content)
        return OrderView.model_validate_json(
            (await api.post(f"/quotes/{quote.id}/accept", json={"tier": tier})).content
        ).id


async def _page(client: httpx.AsyncClient, path: str) -> str:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return html.unescape(answer.text)


async def test_an_order_shows_its_lines_price_and_money(pages: Pages, ana: httpx.AsyncClient) -> None:
    order_id = await _ordered(pages)
    assert order_id in await _page(ana, "/orders")
    page = await _page(ana, f"/orders/{order_id}")
    for words in (order_id, "cube.stl", "printed, PETG", "0 of 3 good", "broker's fee", "Held for this order", "Total"):
        assert words in page


async def test_an_order_shows_its_lead_time_and_that_price(pages: Pages, ana: httpx.AsyncClient) -> None:
    page = await _page(ana, f"/orders/{await _ordered(pages, Tier.EXPRESS)}")
    assert "Express. Placed on" in page
    # Three of ten to a plate would be standard's 0.30 plates.
    assert "0.60 plates to set up" in page
    assert "0.30 plates to set up" not in page


async def test_an_order_under_way_shows_its_run_and_its_plate(
    pages: Pages, ana: httpx.AsyncClient, pages_database: Database
) -> None:
    order_id = await _ordered(pages)
    async with pages_database.writing() as session:
        await making.start(session, order_id)
    page = await _page(ana, f"/orders/{order_id}")
    for words in ("planned → offered → claimed → staged → armed → permitted → starting → running", "25%", "prusa"):
        assert words in page
    assert "250 × 210 mm" in page
    assert page.count("<polygon") == 4
    assert making.STRANGER not in page


async def test_nobody_sees_the_order_of_another(pages: Pages, visitor: httpx.AsyncClient) -> None:
    order_id = await _ordered(pages)
    await visitor.get("/", params={"token": pages.workshop_token})
    answer = await visitor.get(f"/orders/{order_id}")
    assert answer.status_code == 404
    assert "cube.stl" not in answer.text


async def test_an_upload_is_measured(ana: httpx.AsyncClient) -> None:
    answer = await ana.post("/uploads", files={"file": ("cube.stl", box_stl(20, 20, 20))})
    assert answer.status_code == 201
    assert set(answer.json()) == {"part"}


async def test_a_drawing_without_unit_is_asked_for_it_and_bad_files_are_refused(ana: httpx.AsyncClient) -> None:
    drawing = {"file": ("plate.dxf", rectangle_dxf(40, 30, unit=None))}
    asked = await ana.post("/uploads", files=drawing)
    assert (asked.status_code, asked.json()["ask"]) == (422, "unit")
    assert (await ana.post("/uploads", files=drawing, data={"unit": "mm"})).status_code == 201
    refused = await ana.post("/uploads", files={"file": ("bad.stl", b"hello")})
    assert (refused.status_code, refused.json()["ask"]) == (422, None)
    assert refused.json()["fix"]


async def test_nobody_uploads_without_signing_in(visitor: httpx.AsyncClient) -> None:
    answer = await visitor.post("/uploads", files={"file": ("cube.stl", box_stl(20, 20, 20))})
    assert answer.status_code == 401
