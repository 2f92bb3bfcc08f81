"""Agents and streamers of different versions: a print outlives an upgrade, and what isn't understood does no harm."""

import asyncio
import json
import tomllib
from pathlib import Path

import pytest
from pydantic import ValidationError

from shop_agent.agent import now
from shop_agent.errors import StreamerGone, StreamerSaidNo
from shop_agent.state.records import Now
from shop_agent.streamer import wire
from shop_agent.streamers import StreamerWatch
from shop_agent.version import VERSION
from tests.shop_agent.core import START, follower
from tests.shop_agent.test_streamer import Streamer, print_program, printer

OLD_STATUS = {
    "kind": "status", "machine": "printer", "journal_id": "j1", "last_seq": 0, "state": "ready", "reason": "",
    "quarantine": "", "boot_id": "b/0", "run": None, "attended": False, "pid": 1,
}  # fmt: skip
"""As the first streamers told it."""


def test_the_version_is_the_distributions() -> None:
    pyproject = Path(__file__).parents[2] / "pyproject.toml"
    assert tomllib.loads(pyproject.read_text())["project"]["version"] == VERSION


def test_replies_of_older_and_newer_streamers_are_understood() -> None:
    status = wire.REPLIES.validate_json(json.dumps(OLD_STATUS))
    assert isinstance(status, wire.MachineStatus)
    assert status.version == ""
    newer = {**OLD_STATUS, "version": "9.0", "of_the_future": {"x": 1}}
    assert wire.REPLIES.validate_json(json.dumps(newer)) == status.model_copy(update={"version": "9.0"})


def test_every_field_that_came_later_has_a_default() -> None:
    """A streamer that is older than the field must be understood."""
    required = {name for name, field in wire.MachineStatus.model_fields.items() if field.is_required()}
    assert required == set(OLD_STATUS) - {"kind"}


def test_a_request_of_the_future_is_refused_as_a_whole() -> None:
    with pytest.raises(ValidationError, match="extra"):
        wire.REQUESTS.validate_json('{"verb": "cancel", "reason": "x", "but_not_before": 5}')


async def test_a_print_outlives_an_upgrade_and_then_the_streamer_is_renewed(short: Path, tmp_path: Path) -> None:
    async with printer(short, tmp_path) as (streamer, sim):
        status = await streamer.status()
        assert (await streamer.start(streamer.order(status, "run1", print_program(300)))).started
        upgraded = StreamerWatch(
            streamer.config,
            streamer.config_path,
            follower("printer", version="9.0"),
            lambda _: None,
            now,
        )
        watching = asyncio.create_task(upgraded.run())
        try:
            await asyncio.to_thread(streamer.process.wait, 60)
            await _until_another(streamer, status.pid)
        finally:
            watching.cancel()
            await asyncio.wait([watching])
        assert (await streamer.kinds())[-1] == "finished"
        assert sim.episodes() == 1
        with pytest.raises(StreamerSaidNo, match="no run"):
            await streamer.client.ask(wire.Hold(reason="x"), wire.Done)
        await streamer.client.ask(wire.Shutdown(), wire.Done)
        assert upgraded.process is not None
        assert await asyncio.to_thread(upgraded.process.wait, 30) == 0


async def _until_another(streamer: Streamer, pid: int) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                if (await streamer.client.ask(wire.AskStatus(), wire.MachineStatus)).pid != pid:
                    return
            except StreamerGone:
                await asyncio.sleep(0.05)


def test_a_streamer_is_renewed_once_and_not_while_a_run_is_set_up() -> None:
    watched = follower("printer", version="9.0")
    assert not watched.renews()
    busy = wire.MachineStatus.model_validate({**OLD_STATUS, "run": "run1"})
    idle = wire.MachineStatus.model_validate(OLD_STATUS)
    watched.see(busy, Now(START, 1.0), first=True)
    assert not watched.renews()
    watched.see(idle, Now(START, 2.0))
    assert watched.renews()
    watched.see(idle, Now(START, 3.0))
    assert not watched.renews()
