"""What happens to a machine whose link is lost for good: its power is cut, else somebody has to look."""

import json
import sys
from pathlib import Path

import pytest

from drivers.base import Capabilities, LostLink, State
from shop_agent.streamer import wire
from shop_agent.streamer.power import GO_AND_LOOK, PowerCut, lost_link_text
from tests.shop_agent.machines import machine
from tests.shop_agent.shops import write_shop
from tests.shop_agent.test_streamer import Streamer, print_program, streaming


def command(code: str) -> list[str]:
    return [sys.executable, "-c", code]


@pytest.mark.parametrize(
    ("parts", "outcome"),
    [
        ([], GO_AND_LOOK),
        (command("print('off')"), "power was cut by the relay"),
        (command("print('no such relay'); raise SystemExit(3)"), "ended with 3: no such relay; heaters may be ON"),
        (["/nowhere/relay", "off"], "/nowhere/relay can't be run"),
        (command("import time; time.sleep(60)"), "did not end within 2 s; heaters may be ON"),
    ],
)
def test_the_command_says_how_it_went(parts: list[str], outcome: str) -> None:
    assert outcome in PowerCut(parts, timeout_s=2.0).cut()


def ability(lost_link: LostLink, *, attested: bool = False) -> Capabilities:
    return Capabilities("x", True, False, False, lost_link, attested=attested)


def test_what_can_be_done_is_said_beforehand() -> None:
    reconnects, alarm = ability(LostLink.SAFE_STATE_ON_RECONNECT), ability(LostLink.ALARM_ONLY)
    assert lost_link_text(reconnects, relay=False).endswith(f"failing that, {GO_AND_LOOK}")
    assert "cuts the power" in lost_link_text(reconnects, relay=True)
    assert lost_link_text(alarm, relay=False) == LostLink.ALARM_ONLY
    assert lost_link_text(alarm, relay=True).startswith("cuts the power")
    assert "no link" in lost_link_text(ability(LostLink.ALARM_ONLY, attested=True), relay=False)


def relay_command(folder: Path, code: int = 0) -> list[str]:
    """Notes each cut in `cuts`."""
    script = folder / "relay.py"
    script.write_text(f"open({str(folder / 'cuts')!r}, 'a').write('cut\\n')\nraise SystemExit({code})\n")
    return [sys.executable, str(script)]


def relay(folder: Path, code: int = 0) -> str:
    return f"power_off = {json.dumps(relay_command(folder, code))}\n"


@pytest.mark.parametrize(("code", "outcome"), [(0, "power was cut by the relay"), (5, "the relay failed")])
async def test_an_unplugged_machine_loses_its_power(short: Path, tmp_path: Path, code: int, outcome: str) -> None:
    with machine(short, "p", "marlin") as sim:
        keys = "answer_s = 1.0\n" + relay(tmp_path, code)
        async with streaming(write_shop(tmp_path, short / "run", printer=sim.port, keys=keys), "printer") as streamer:
            status = await streamer.until(lambda status: status.state is State.READY)
            assert "cuts the power by its relay" in status.lost_link
            await streamer.start(streamer.order(status, "run1", print_program(4000)))
            await streamer.until(lambda status: status.lines_done > 150)
            sim.command(command="unplug")
            assert (await streamer.ended("run1"))[-1] == "faulted"
            reason = await last_reason(streamer)
    assert outcome in reason
    assert (tmp_path / "cuts").read_text() == "cut\n"


async def test_a_machine_left_in_mid_run_and_not_found_again_loses_its_power(short: Path, tmp_path: Path) -> None:
    with machine(short, "p", "marlin") as sim:
        keys = "answer_s = 1.0\n" + relay(tmp_path)
        async with streaming(write_shop(tmp_path, short / "run", printer=sim.port, keys=keys), "printer") as streamer:
            status = await streamer.until(lambda status: status.state is State.READY)
            await streamer.start(streamer.order(status, "run1", print_program(4000)))
            await streamer.until(lambda status: status.lines_done > 150)
            streamer.kill()
            streamer.client.close()
            sim.command(command="unplug")
            streamer.process = streamer.launch()
            status = await streamer.until(lambda status: "relay" in status.reason)
            assert "power was cut by the relay" in status.reason
            assert status.state is State.CLOSED
    assert (tmp_path / "cuts").read_text() == "cut\n"


async def last_reason(streamer: Streamer) -> str:
    entries = await streamer.client.ask(wire.AskEvents(after=0, wait_s=0), wire.Entries)
    report = entries.entries[-1].report
    assert report.kind == "faulted"
    return report.reason
