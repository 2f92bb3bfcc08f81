import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from broker.ledger.service import release
from broker.orders.models import Lot, LotState, Order, OrderState
from broker.wire.rest import OrderList, OrderView, Problem, QuoteView
from broker.wire.tiers import Tier
from tests.broker.client.command import LLAGAR, environment, llagar
from tests.broker.conftest import Town
from tests.broker.parts.shapes import box_stl, rectangle_dxf


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "box.stl").write_bytes(box_stl(20, 10, 5))
    (tmp_path / "panel.dxf").write_bytes(rectangle_dxf(100, 50, unit=None))
    return tmp_path


def test_the_client_alone_needs_few_packages() -> None:
    code = "import sys, broker.client.cli; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert not loaded & {"sqlalchemy", "fastapi", "starlette", "uvicorn", "numpy", "nicegui", "alembic", "shapely"}


async def test_from_files_to_a_watched_delivery(town: Town, files: Path) -> None:
    box, panel = str(files / "box.stl"), str(files / "panel.dxf")
    asked = await llagar(town, "quote", f"{box}:4:pla", panel, "-n", "2", "-m", "plywood", "--unit", "mm", "--json")
    quote = QuoteView.model_validate_json(asked.out)
    assert (asked.code, asked.err, [item.quantity for item in quote.items]) == (0, "", [4, 2])
    alone = await llagar(town, "quote", box, "-n", "1", "--alone", "--json")
    assert [item.share for item in (*quote.items, *QuoteView.model_validate_json(alone.out).items)] == [1, 1, 0]
    placed = OrderView.model_validate_json((await llagar(town, "order", "--quote", quote.id, "--json")).out)
    assert placed.quote.id == quote.id
    listed = OrderList.model_validate_json((await llagar(town, "orders", "--json")).out)
    assert [entry.id for entry in listed.orders] == [placed.id]

    watching = await asyncio.create_subprocess_exec(
        str(LLAGAR),
        *("watch", placed.id, "--json", "--every", "0.05"),
        stdout=asyncio.subprocess.PIPE,
        env=environment(town),
    )
    assert watching.stdout is not None
    first = OrderView.model_validate_json(await watching.stdout.readline())
    await _deliver(town, placed)
    rest = [OrderView.model_validate_json(line) async for line in watching.stdout]
    assert await watching.wait() == 0
    assert first == placed
    assert (rest[-1].state, rest[-1].good, rest[-1].ledger.paid) == ("delivered", 6, placed.total)
    shown = await llagar(town, "watch", placed.id)
    assert (shown.code, "delivered" in shown.out, "4/4" in shown.out) == (0, True, True)


async def _deliver(town: Town, order: OrderView) -> None:
    async with town.database.writing() as session:
        for number, line in enumerate(order.lines, start=1):
            lot = Lot(id=f"lot_{number}", line_id=line.id, workshop_id=f"wsh_{number}", quantity=line.ordered)
            lot.good, lot.state = line.ordered, LotState.DELIVERED
            session.add(lot)
        row = await session.get_one(Order, order.id)
        row.state, row.delivered_at = OrderState.DELIVERED, town.clock.now()
        payouts = {f"wsh_{number}": line.amount for number, line in enumerate(order.lines, start=1)}
        await release(session, order.id, payouts, order.total - sum(payouts.values()), "EUR", town.clock.now())


async def test_people_read_tables(town: Town, files: Path) -> None:
    placed = await llagar(town, "order", str(files / "box.stl"), "--quantity", "4", "--material", "PLA")
    assert placed.code == 0, placed.err
    for words in ("machine", "shipping", "broker's fee, 10 %", "not on Taller Dos router", "llagar watch ord_"):
        assert words in placed.out
    listed = await llagar(town, "orders")
    assert "0/4" in listed.out


async def test_a_lead_time_is_chosen_by_its_name(town: Town, files: Path) -> None:
    box = str(files / "box.stl")
    quote = QuoteView.model_validate_json((await llagar(town, "quote", box, "-n", "7", "-m", "PLA", "--json")).out)
    by_quote = await llagar(town, "order", "--quote", quote.id, "--tier", "economy", "--json")
    placed = OrderView.model_validate_json(by_quote.out)
    terms = next(terms for terms in quote.tiers if terms.tier is Tier.ECONOMY)
    assert (placed.tier, placed.total, placed.due_at) == (Tier.ECONOMY, terms.total, terms.due_at)
    shown = await llagar(town, "order", box, "-n", "7", "-m", "PLA", "--tier", "express")
    assert shown.code == 0, shown.err
    price, soon = (str(terms.total / 100) for terms in (quote, quote.tiers[0]))
    [row] = [line for line in shown.out.splitlines() if line.startswith("express")]
    [total] = [line for line in shown.out.splitlines() if line.startswith("total")]
    assert soon in row
    assert "15 h sooner" in row
    assert soon in total
    assert price not in total
    assert ", express, " in shown.out


async def test_a_lead_time_that_is_none_costs_nothing(town: Town, files: Path) -> None:
    box = str(files / "box.stl")
    for tier in ("overnight", "Express", ""):
        ran = await llagar(town, "order", box, "-n", "1", "--tier", tier, "--json")
        problem = Problem.model_validate_json(ran.out)
        assert (ran.code, problem.where, problem.fix) == (2, "--tier", "give express, standard or economy")
    quote = QuoteView.model_validate_json((await llagar(town, "quote", box, "-n", "7", "--json")).out)
    assert (await llagar(town, "order", "--quote", quote.id, "--tier", "express")).code == 0
    other = await llagar(town, "order", "--quote", quote.id)
    assert (other.code, "accepted as express" in other.err) == (2, True)


_BAD = (
    (["box.stl", "-n", "0", "-m", "PLA"], "quantity"),
    (["box.stl", "-n", "-1", "-m", "PLA"], "quantity"),
    (["box.stl", "-n", "1000000000", "-m", "PLA"], "quantity"),
    (["box.stl", "-n", "1", "-m", "unobtainium"], "material"),
    (["panel.dxf", "-n", "1", "-m", "plywood"], "panel.dxf"),
    (["panel.dxf", "-n", "1", "-m", "plywood", "--unit", "parsec"], "panel.dxf"),
    (["none.stl", "-n", "1"], "none.stl"),
)


async def test_bad_input_ends_with_2_and_says_what_where_and_what_to_do(town: Town, files: Path) -> None:
    for words, where in _BAD:
        ran = await llagar(town, "quote", str(files / words[0]), *words[1:], "--json")
        problem = Problem.model_validate_json(ran.out)
        assert (ran.code, where in (problem.where or ""), bool(problem.fix)) == (2, True, True), ran.out
    spoken = await llagar(town, "quote", str(files / "panel.dxf"), "-n", "1")
    assert (spoken.code, spoken.out) == (2, "")
    for said in ("panel.dxf", "where:", "to do: say the file's unit"):
        assert said in spoken.err


async def test_a_wrong_token_and_a_broker_away_are_told_apart(town: Town, files: Path) -> None:
    box = str(files / "box.stl")
    wrong = await llagar(town, "orders", "--json", LLAGAR_TOKEN="llg_wrong")
    none = await llagar(town, "quote", box, "-n", "1", "--json", LLAGAR_TOKEN="")
    away = await llagar(town, "watch", "ord_1", "--patience", "0", "--json", LLAGAR_URL="http://127.0.0.1:9")
    assert [(ran.code, json.loads(ran.out)["status"]) for ran in (wrong, none, away)] == [(2, 401), (2, 400), (1, 503)]
