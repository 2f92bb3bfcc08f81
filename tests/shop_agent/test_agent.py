"""The agent as its own process: a broker on one side, a person at the bench, a simulated machine on the other."""

import asyncio
import json
from pathlib import Path

import pytest

from broker.wire import messages as wire
from broker.wire.shop import Process
from broker.wire.states import RunState
from shop_agent.bench import schemas
from shop_agent.errors import Refused
from shop_agent.state.records import Mode, Standing, ToolLength
from tests.shop_agent.plates import cube, drawing, plate_of_cubes, plate_of_squares
from tests.shop_agent.terminal import screen, terminal
from tests.shop_agent.workshops import needs_slicer, offer_cubes, workshop

SQUARES = 24
"""Enough for a cut that somebody can hold in time."""


@needs_slicer
async def test_a_plate_from_offer_to_count(short: Path, tmp_path: Path) -> None:
    async with workshop(short, tmp_path, "marlin") as (shop, broker, sim):
        lot = wire.LotOffer(
            lot="lot1",
            order="o1",
            line="l1",
            part="cube",
            process=Process.FDM,
            material="PLA",
            quantity=2,
            payout=500,
            currency="EUR",
        )
        await broker.say(lot)
        await broker.say(lot)
        await offer_cubes(broker, "run1", tmp_path)
        await broker.until_state("run1", RunState.STAGED)
        task = await shop.task("setup")
        assert [(one.lot, one.pieces) for one in task.expected] == [("lot1", 2)]
        wrong = schemas.SetupAnswer(operator="Ana", bed_clear=True, material="PETG", tool_mm=0.4)
        with pytest.raises(Refused, match="PETG is loaded"):
            await shop.answer(task, wrong)
        assert (await shop.task("setup")).id == task.id
        await shop.set_up_printer()
        await broker.until_state("run1", RunState.FINISHED, 90)
        counting = await shop.task("count")
        short_count = schemas.CountAnswer(operator="Ana", counts=(wire.LotCount(lot="lot1", good=1),))
        with pytest.raises(Refused, match="plate holds 2"):
            await shop.answer(counting, short_count)
        scrap = (wire.Scrap(reason=wire.ScrapReason.WARP, pieces=1),)
        counts = (wire.LotCount(lot="lot1", good=1, scrap=scrap),)
        answer = schemas.CountAnswer(operator="Ana", counts=counts)
        assert not (await shop.answer(counting, answer)).repeated
        assert (await shop.answer(counting, answer)).repeated
        clearing = await shop.task("clear")
        answer_text = json.dumps({"kind": "clear", "operator": "Ana"})
        done = await asyncio.to_thread(terminal, shop.config_path, "bench", "--answer", clearing.id, answer_text)
        assert done.code == 0, done.stderr
        await broker.until_state("run1", RunState.ACCEPTED)
        await broker.say(wire.LotReady(lot="lot1", pieces=2, ship_to="Oviedo"))
        await shop.answer(await shop.task("handover"), schemas.HandoverAnswer(operator="Ana", reference="P1"))
        states = ["offered", "claimed", "staged", "armed", "permitted", "starting", "running", "finished", "accepted"]
        assert [str(state) for state in broker.runs["run1"].states] == states
        assert broker.kinds()[0] == "inventory"
        assert broker.kinds().count("lot_accepted") == 1
        assert broker.conflicts == []
        assert broker.forged == 0
        assert sim.episodes() == 1


@needs_slicer
async def test_agent_and_broker_die_in_mid_run_and_nothing_is_lost_or_doubled(short: Path, tmp_path: Path) -> None:
    async with workshop(short, tmp_path, "marlin") as (shop, broker, sim):
        await offer_cubes(broker, "run1", tmp_path)
        await shop.set_up_printer()
        await broker.until_state("run1", RunState.STARTING)
        shop.kill()
        await broker.stop()
        shop.start()
        counted = await shop.task("count", 90)
        assert counted.run == "run1"
        await shop.count(2)
        await broker.start()
        await broker.until_state("run1", RunState.ACCEPTED)
        assert broker.kinds("run1") == [
            "claimed",
            "staged",
            "armed",
            "starting",
            "running",
            "finished",
            "counted",
        ]
        epochs = {epoch for epoch, _ in broker.inbox}
        assert len(epochs) == 1
        assert broker.acked(epochs.pop()) == len(broker.inbox)
        assert broker.conflicts == []
        assert sim.episodes() == 1


@needs_slicer
async def test_a_fault_is_settled_and_the_machine_released(short: Path, tmp_path: Path) -> None:
    async with workshop(short, tmp_path, "marlin") as (shop, broker, sim):
        fault = {"kind": "thermal_runaway", "after": "moves", "at": 20}
        sim.command(command="fault", fault=fault)
        await offer_cubes(broker, "run1", tmp_path)
        await shop.set_up_printer()
        await broker.until_state("run1", RunState.FAULTED, 60)
        settling = await shop.task("settle")
        assert await shop.standing() is Standing.QUARANTINED
        scrap = (wire.Scrap(reason=wire.ScrapReason.OTHER, pieces=2),)
        counts = (wire.LotCount(lot="lot1", good=0, scrap=scrap),)
        await shop.answer(settling, schemas.SettleAnswer(operator="Ana", note="fan died", counts=counts))
        await broker.until_state("run1", RunState.SCRAPPED)
        sim.command(command="reset")
        sim.command(command="clear_bed")
        await shop.answer(await shop.task("release"), schemas.ReleaseAnswer(operator="Ana"))
        assert await shop.standing() is Standing.FREE


async def test_a_part_that_leaves_the_bed_is_released_with_the_reason(short: Path, tmp_path: Path) -> None:
    async with workshop(short, tmp_path, "marlin") as (shop, broker, _):
        data = cube(tmp_path / "cube.stl")
        broker.add_blob(data)
        plate = plate_of_cubes(data)
        off = plate.parts[0].model_copy(update={"placements": ((178.0, 10.0, 0.0),)})
        await broker.offer("run1", "printer", plate.model_copy(update={"parts": (off,)}))
        await broker.until_state("run1", RunState.RELEASED)
        reasons = [one.body.reason for one in broker.inbox.values() if isinstance(one.body, wire.Released)]
        assert "not on the bed" in reasons[0]
        await broker.offer("run2", "nosuch", plate)
        await broker.until_state("run2", RunState.REJECTED)
        await shop.act("printer", "mode", schemas.ModeChange(mode=Mode.MINE_NOW))
        assert await shop.standing() is Standing.OWN_WORK
        await broker.offer("run3", "printer", plate)
        await broker.until_state("run3", RunState.REJECTED)


async def test_a_router_is_homed_zeroed_and_cuts(short: Path, tmp_path: Path) -> None:
    async with workshop(short, tmp_path, "grbl") as (shop, broker, sim):
        data = drawing()
        broker.add_blob(data)
        await broker.offer("run1", "router", plate_of_squares(data, SQUARES))
        task = await shop.task("setup")
        answer = schemas.SetupAnswer(
            operator="Ana",
            bed_clear=True,
            material="plywood",
            tool_mm=3.0,
            sheet_mm=(580, 380, 3.1),
            clamps_clear=True,
            extraction_on=True,
            tool_length=ToolLength.TOUCHED_OFF,
        )
        with pytest.raises(Refused, match="not ready"):
            await shop.answer(task, answer)
        sim.command(command="load_sheet", x=-590, y=-390, z_top=-60, width=580, depth=380, thickness=3)
        home = await asyncio.to_thread(terminal, shop.config_path, "machine", "home", "router")
        assert home.stdout == "taken: home router\n"
        with pytest.raises(Refused, match="older than the last homing"):
            await shop.answer(task, answer)
        low = schemas.ZeroAt(machine_mm=(-20.0, -20.0, -60.0))
        await shop.act("router", "zero", low)
        with pytest.raises(Refused, match="with this work zero"):
            await shop.answer(task, answer)
        zero = await asyncio.to_thread(terminal, shop.config_path, "machine", "zero", "router", "-590", "-390", "-60")
        assert zero.stdout == "work zero of router read back: (-590.0, -390.0, -60.0)\n"
        for changes, reason in (
            ({"sheet_mm": (580, 380, 6.0)}, "6 mm thick"),
            ({"sheet_mm": (30, 380, 3.0)}, "the parts reach to"),
            ({"tool_length": None}, "how the length of the tool"),
            ({"tool_length": ToolLength.PROBED}, "not probed"),
            ({"tool_mm": 6.0}, "6 mm is fitted"),
        ):
            with pytest.raises(Refused, match=reason):
                await shop.answer(task, answer.model_copy(update=changes))
        assert broker.permit_requests == []
        await shop.answer(task, answer)
        await broker.until_state("run1", RunState.RUNNING)
        await asyncio.to_thread(_hold_confirm_presence_resume, shop.config_path)
        await broker.until_state("run1", RunState.FINISHED, 90)
        assert [str(state) for state in broker.runs["run1"].states][-4:] == ["running", "paused", "running", "finished"]
        await shop.count(SQUARES)
        await broker.until_state("run1", RunState.ACCEPTED)
        record = next(one.body.record for one in broker.inbox.values() if isinstance(one.body, wire.Armed))
        assert record.work_zero_mm == pytest.approx((-590, -390, -60))


def _hold_confirm_presence_resume(config: Path) -> None:
    """A person at the router's terminal, in mid-run."""
    held = terminal(config, "machine", "hold", "router", "--operator", "Ana", "--reason", "a clamp is loose")
    assert "taken: hold router; confirm presence again within" in held.stdout
    with screen(config, "bench", "--operator", "Ana") as shown:
        shown.until("press 1 if you are there")
        before = _left_s(config)
        shown.press("1")
        shown.until("Ana is at router")
    assert _left_s(config) > before
    assert terminal(config, "machine", "resume", "router", "--operator", "Ana").code == 0


def _left_s(config: Path) -> float:
    (machine,) = json.loads(terminal(config, "machines", "--json").stdout)
    return float(machine["presence_left_s"])
