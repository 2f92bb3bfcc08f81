"""Two printers on one fuse: an agent, two streamers, two simulated machines that tell how hot they are."""

import asyncio
from pathlib import Path

from broker.wire.states import RunState
from shop_agent.bench import schemas
from shop_agent.identity import own_key, public_text
from tests.shop_agent.fake_broker import FakeBroker
from tests.shop_agent.machines import SimMachine, machine
from tests.shop_agent.plates import cube, plate_of_cubes
from tests.shop_agent.shops import PRINTER, PRINTER_LIMITS, SHOP
from tests.shop_agent.workshops import Shop, needs_slicer, running

NAMES = ("printer-a", "printer-b")
POLICY = """auto_accept_lots = true
power_budget_w = 500
""" + "".join(f'[machines.{name}]\nlimits = "limits.toml"\nheat_w = 350\n' for name in NAMES)
BELOW_C = 5.0
SLOWLY = 60.0
"""A heat-up of two seconds: long enough to be seen."""
LOOK_S = 0.1


def _write(folder: Path, runtime: Path, broker: str, ports: dict[str, Path]) -> Path:
    text = SHOP.format(broker=broker, runtime=runtime)
    text += "".join(PRINTER.format(port=ports[name]).replace('"printer"', f'"{name}"') for name in NAMES)
    (folder / "limits.toml").write_text(PRINTER_LIMITS)
    (folder / "printer.toml").write_text("[printer]\n")
    (folder / "policy.toml").write_text(POLICY)
    config = folder / "agent.toml"
    config.write_text(text)
    return config


def _heats(sim: SimMachine) -> bool:
    """Physically: some heater is on and well below its target."""
    told = sim.command(command="summary")["details"]
    assert isinstance(told, dict)
    pairs = ((told["hotend_target_c"], told["hotend_c"]), (told["bed_target_c"], told["bed_c"]))
    return any(target > 0 and now < target - BELOW_C for target, now in pairs)


async def _set_up(shop: Shop) -> None:
    """Both at once."""
    answer = schemas.SetupAnswer(operator="Ana", bed_clear=True, material="PLA", tool_mm=0.4)
    client = await shop.bench()
    try:
        waiting: list[schemas.TaskView] = []
        async with asyncio.timeout(60):
            while len(waiting) < len(NAMES):
                await asyncio.sleep(LOOK_S)
                waiting = [task for task in await asyncio.to_thread(client.tasks) if task.kind == "setup"]
        for task in waiting:
            await asyncio.to_thread(client.answer, task.id, answer)
    finally:
        client.close()


@needs_slicer
async def test_two_printers_on_one_fuse_never_heat_up_together(short: Path, tmp_path: Path) -> None:
    with machine(short, "a", "marlin", speed=SLOWLY) as one, machine(short, "b", "marlin", speed=SLOWLY) as other:
        sims = (one, other)
        async with FakeBroker(public_text(own_key(tmp_path / "data"))) as broker:
            path = _write(tmp_path, short / "run", broker.url, {"printer-a": one.port, "printer-b": other.port})
            async with running(path, broker) as shop:
                data = cube(tmp_path / "cube.stl")
                broker.add_blob(data)
                for run, name in zip(("run1", "run2"), NAMES, strict=True):
                    await broker.offer(run, name, plate_of_cubes(data, 1))
                await _set_up(shop)
                heated: set[int] = set()
                async with asyncio.timeout(100):
                    while any(broker.runs[run].state is not RunState.FINISHED for run in ("run1", "run2")):
                        hot = [await asyncio.to_thread(_heats, sim) for sim in sims]
                        assert hot != [True, True]
                        heated |= {number for number, heats in enumerate(hot) if heats}
                        await asyncio.sleep(LOOK_S)
                assert heated == {0, 1}, "each was seen heating up"
