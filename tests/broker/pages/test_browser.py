"""A part is ordered in a real browser, under the real policy, and followed live."""

from pathlib import Path

import pytest

from broker.database import Database
from broker.runs.models import Run
from tests.broker.pages import making
from tests.broker.pages.chromium import Tab, browser_tab
from tests.broker.pages.conftest import Pages
from tests.broker.parts.shapes import box_stl, rectangle_dxf

pytestmark = pytest.mark.proof(share=0.0109)
_TIER = "document.querySelector('.tier :checked')"
_ORDER = "[...document.querySelectorAll('#price button')].map(button => button.textContent)[0]"
_LINES = "[...document.querySelectorAll('#price td.number')].map(cell => cell.textContent)"


def _says(words: str) -> str:
    return f"document.body.innerText.includes({words!r})"


async def _fill_in(tab: Tab, folder: Path) -> None:
    """Three cubes of PETG, and a plate whose file doesn't say its unit."""
    (folder / "cube & <b>co.stl").write_bytes(box_stl(20, 20, 20))
    (folder / "plate.dxf").write_bytes(rectangle_dxf(40, 30, unit=None))
    await tab.choose_files("input[type=file]", [folder / "cube & <b>co.stl"])
    await tab.until(_says("12 triangles"))
    await tab.type("input[type=number]", "3")
    await tab.type("select", "PETG")
    await tab.choose_files("input[type=file]", [folder / "plate.dxf"])


def _cents(amount: str) -> int:
    return round(float(amount.removesuffix(" EUR")) * 100)


async def test_a_part_is_ordered_and_followed(pages: Pages, pages_database: Database, tmp_path: Path) -> None:
    async with browser_tab() as tab:
        await tab.open(f"{pages.url}/orders")
        await tab.type("#token", pages.token)
        await tab.click("Sign in")
        await tab.until("location.pathname === '/orders'")
        await tab.open(f"{pages.url}/")
        await _fill_in(tab, tmp_path)
        await tab.until(_says("doesn't say its unit"))
        tab.expect("422")
        await tab.click("mm")
        await tab.until(_says("DXF in mm"))
        await tab.click("Get a price")
        await tab.until("!!document.querySelector('#price')")
        amounts = await tab.value(_LINES)
        assert isinstance(amounts, list)
        *lines, total = [_cents(str(amount)) for amount in amounts]
        assert len(lines) > 6
        assert sum(lines) == total > 0
        assert await tab.value("document.querySelector('input[type=number]').value") == "3"
        await tab.until(f"{_TIER}?.value === 'standard'")
        await tab.press("ArrowLeft", 37, f"{_TIER}.focus()")
        words = await _chosen(tab, "express", total)
        await tab.click(words)
        await tab.until("location.pathname.startsWith('/orders/ord_')")
        order_id = str(await tab.value("location.pathname.split('/').pop()"))
        await tab.until(_says("Express. Placed on"))
        await _follow(tab, pages_database, order_id)
        assert tab.complaints == []
        assert {host.split(":")[0] for host in tab.hosts} == {"127.0.0.1"}
        assert len(tab.hosts) == 1


async def _chosen(tab: Tab, tier: str, standard: int) -> str:
    """What the button says once another tier than standard is chosen: its price, which is its lines', and its date."""
    await tab.until(
        f"{_TIER}.value === {tier!r} && document.querySelector('#price tr.sum').innerText.includes({tier!r})"
    )
    amounts = await tab.value(_LINES)
    assert isinstance(amounts, list)
    *lines, total = [_cents(str(amount)) for amount in amounts]
    assert sum(lines) == total != standard
    words = str(await tab.value(_ORDER))
    assert words.startswith(f"Order for {amounts[-1]}, by ")
    card = str(await tab.value(f"{_TIER}.closest('.tier').innerText"))
    assert words.rpartition(", by ")[2] in card
    assert str(amounts[-1]) in card
    return words


async def _follow(tab: Tab, database: Database, order_id: str) -> None:
    """What changes in the rows shows without a reload."""
    await tab.until(_says("Nothing is planned on a machine yet."))
    await tab.value("window.unreloaded = true")
    async with database.writing() as session:
        run_id = await making.start(session, order_id)
    await tab.until(_says("25%"))
    await tab.until(_says("Why this date"))
    await tab.until(_says("co.stl is made by Taller"))
    await tab.until("document.querySelectorAll('.drawing rect').length > 0")
    await tab.until("document.querySelectorAll('.drawing polygon').length === 4")
    async with database.writing() as session:
        run = await session.get_one(Run, run_id)
        run.lines_done, run.version = 500, run.version + 1
    await tab.until(_says("50%"))
    assert await tab.value("window.unreloaded")


async def test_a_script_that_slips_in_does_not_run(pages: Pages) -> None:
    async with browser_tab() as tab:
        await tab.open(f"{pages.url}/sign-in")
        await tab.until(_says("Sign in"))
        for attempt in (
            "Object.assign(document.createElement('div'), {innerHTML: '<img src=x onerror=\"window.ran = 1\">'})",
            "Object.assign(document.createElement('script'), {textContent: 'window.ran = 1'})",
            "Object.assign(document.createElement('script'), {src: 'data:text/javascript,window.ran = 1'})",
        ):
            await tab.value(f"document.body.append({attempt})")
        await tab.value("setTimeout('window.ran = 1', 0)")
        await tab.value("new Promise(done => setTimeout(done, 300))")
        assert await tab.value("window.ran ?? 'no'") == "no"
        assert any("policy" in complaint for complaint in tab.complaints)
