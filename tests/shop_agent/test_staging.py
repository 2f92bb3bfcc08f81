"""Making a program: what an agent that was killed leaves behind ends, and harms no later attempt."""

import asyncio
import os
import select
from pathlib import Path

import pytest

from broker.wire.states import RunState
from tests.shop_agent.workshops import needs_slicer, offer_cubes, workshop

ENDLESS_SLICER = """#!/bin/sh
exec 3> "{fifo}"
echo slicing >&3
sleep 100
"""


@needs_slicer
async def test_a_killed_agent_leaves_no_slicer_and_the_next_has_a_folder_of_its_own(
    short: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slicer holds a pipe: its end is the end of the last process that had it."""
    fifo, slicer = short / "fifo", short / "bin" / "prusa-slicer"
    os.mkfifo(fifo)
    slicer.parent.mkdir()
    slicer.write_text(ENDLESS_SLICER.format(fifo=fifo))
    slicer.chmod(0o700)
    monkeypatch.setenv("PATH", f"{slicer.parent}:{os.environ['PATH']}")
    async with workshop(short, tmp_path, "marlin") as (shop, broker, _):
        await offer_cubes(broker, "run1", tmp_path)
        with await asyncio.to_thread(fifo.open) as slicing:
            assert await asyncio.to_thread(slicing.readline) == "slicing\n"
            (before,) = (tmp_path / "data" / "runs").glob("*/*")
            shop.kill()
            ended, _, _ = await asyncio.to_thread(select.select, [slicing], [], [], 30)
            assert ended
            assert slicing.read() == ""
        monkeypatch.undo()
        shop.start()
        await broker.until_state("run1", RunState.STAGED)
        (after,) = (tmp_path / "data" / "runs").glob("*/*")
        assert after.parent == before.parent
        assert after != before
        assert (after / "program.gcode").stat().st_size > 0
