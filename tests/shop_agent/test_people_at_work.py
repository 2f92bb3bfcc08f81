"""People at a printer at work: a first layer that failed, boxes that are counted later, a policy that was changed."""

import asyncio
from pathlib import Path

import pytest

from broker.wire import messages as wire
from broker.wire.states import RunState
from shop_agent.bench import schemas
from shop_agent.errors import Refused
from shop_agent.state.records import Standing
from tests.shop_agent.machines import SimMachine
from tests.shop_agent.terminal import terminal
from tests.shop_agent.test_policy import written
from tests.shop_agent.workshops import Shop, needs_slicer, offer_cubes, workshop


@needs_slicer
async def test_a_first_layer_fails_and_the_next_run_needs_no_count_of_the_one_before(
    short: Path, tmp_path: Path
) -> None:
    async with workshop(short, tmp_path, "marlin") as (shop, broker, sim):
        await offer_cubes(broker, "run1", tmp_path)
        await shop.set_up_printer()
        await broker.until_state("run1", RunState.RUNNING)
        failed = ("machine", "first-layer", "printer", "--operator", "Ana", "--reason", "it came off")
        assert (await asyncio.to_thread(terminal, shop.config_path, *failed)).code == 0
        await broker.until_state("run1", RunState.SCRAPPED)
        assert [str(state) for state in broker.runs["run1"].states][-3:] == ["running", "faulted", "scrapped"]
        bodies = [one.body for one in broker.inbox.values() if one.run == "run1"]
        settled = next(body for body in bodies if isinstance(body, wire.Settled))
        assert (settled.operator, settled.first_layer, settled.counts) == ("Ana", True, ())
        assert next(body for body in bodies if isinstance(body, wire.Faulted)).first_layer
        await _clear(shop, sim)
        assert await shop.standing() is Standing.FREE
        await offer_cubes(broker, "run2", tmp_path)
        await shop.set_up_printer()
        await broker.until_state("run2", RunState.FINISHED, 120)
        await _clear(shop, sim)
        await offer_cubes(broker, "run3", tmp_path)
        await shop.set_up_printer()
        await broker.until_state("run3", RunState.RUNNING)
        await shop.count(2, cleared=False)
        await broker.until_state("run2", RunState.ACCEPTED)
        await broker.until_state("run3", RunState.FINISHED, 120)
        await shop.count(2)
        await broker.until_state("run3", RunState.ACCEPTED)
        assert sim.episodes() == 3


async def _clear(shop: Shop, sim: SimMachine) -> None:
    """Off the machine itself too: what follows at once is no part of what ran before, however short the rest."""
    sim.command(command="clear_bed")
    await shop.answer(await shop.task("clear"), schemas.ClearAnswer(operator="Ana"))


@needs_slicer
async def test_nothing_starts_under_a_broken_policy_and_all_goes_on_once_it_is_put_right(
    short: Path, tmp_path: Path
) -> None:
    async with workshop(short, tmp_path, "marlin") as (shop, broker, sim):
        policy = tmp_path / "policy.toml"
        good = policy.read_text()
        await offer_cubes(broker, "run1", tmp_path)
        task = await shop.task("setup")
        written(policy, "record_life_s = 60\n" + good)
        await shop.until_alarm(rung=True)
        answer = schemas.SetupAnswer(operator="Ana", bed_clear=True, material="PLA", tool_mm=0.4)
        with pytest.raises(Refused, match="greater than or equal to 600"):
            await shop.answer(task, answer)
        assert (broker.permit_requests, sim.episodes()) == ([], 0)
        written(policy, good)
        await shop.until_alarm(rung=False)
        await shop.answer(task, answer)
        await broker.until_state("run1", RunState.FINISHED, 120)
        await shop.count(2)
