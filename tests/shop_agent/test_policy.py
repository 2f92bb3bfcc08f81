"""The shop's policy has the last word: read anew, before a start and on every line that is sent."""

import os
from pathlib import Path

import pytest

from broker.wire.messages import Faulted
from drivers.base import State
from shop_agent.errors import BadConfig
from shop_agent.policy_files import LimitsFiles, PolicyFiles
from shop_agent.settings import load_config, load_policy
from shop_agent.streamer import wire
from shop_agent.streamer.line_check import LineCheck
from shop_agent.streamer.program import Loaded
from slicer_bridge.programs.check import ProgramChecker
from slicer_bridge.programs.limits import MachineLimits, load_limits
from tests.shop_agent.machines import machine
from tests.shop_agent.shops import PRINTER_LIMITS, write_shop
from tests.shop_agent.test_streamer import cut_program, print_program, router, streaming

COOLER = PRINTER_LIMITS.replace("max_hotend_c = 260", "max_hotend_c = 190")
SLOWER = PRINTER_LIMITS.replace("max_feed_mm_s = 250", "max_feed_mm_s = 15")


def written(path: Path, text: str) -> None:
    """As an editor does it: whole, in one step."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    fresh.replace(path)


def test_files_that_changed_are_read_anew_and_broken_ones_change_nothing(tmp_path: Path) -> None:
    path = write_shop(tmp_path, tmp_path / "r", printer=tmp_path / "tty")
    config = load_config(path)
    files = PolicyFiles(config, load_policy(config))
    good = config.policy.read_text()
    assert files.changed() is None
    written(config.policy, "record_life_s = 1200\n" + good)
    changed = files.changed()
    assert changed is not None
    assert (changed.record_life_s, files.changed()) == (1200.0, None)
    for broken in ("record_life_s = 5\n" + good, "= no TOML", "auto_accept_lots = true\n"):
        written(config.policy, broken)
        with pytest.raises(BadConfig, match=r"policy\.toml"):
            files.changed()
        assert files.changed() is None
        assert files.policy == changed
    written(config.policy, good)
    assert files.changed() == load_policy(config)
    written(tmp_path / "printer.limits.toml", COOLER)
    assert files.changed() is not None
    (tmp_path / "printer.limits.toml").unlink()
    with pytest.raises(BadConfig, match=r"printer\.limits"):
        files.changed()


def test_a_policy_that_names_other_limits_is_followed_there(tmp_path: Path) -> None:
    config = load_config(write_shop(tmp_path, tmp_path / "r", printer=tmp_path / "tty"))
    files = LimitsFiles(config, load_policy(config), "printer")
    (tmp_path / "other.toml").write_text(COOLER)
    written(config.policy, '[machines.printer]\nlimits = "other.toml"\n')
    limits = files.changed()
    assert limits is not None
    assert limits.max_hotend_c == 190
    assert files.changed() is None
    os.utime(config.policy, (0, 0))
    written(tmp_path / "other.toml", "no limits")
    assert files.changed() is None


def limits(tmp_path: Path, text: str) -> MachineLimits:
    path = tmp_path / "limits.toml"
    path.write_text(text)
    return load_limits(path)


def test_each_line_is_judged_by_the_limits_of_its_moment(tmp_path: Path) -> None:
    lines = tuple(print_program(4).splitlines())
    wide = limits(tmp_path, PRINTER_LIMITS)
    news: list[MachineLimits | None] = []
    check = LineCheck(Loaded(lines, ProgramChecker(wide)), lambda: news.pop() if news else None)
    assert [check(line) for line in lines[:7]] == [None] * 7
    news.append(wide)
    assert check(lines[7]) is None
    news.append(limits(tmp_path, SLOWER))
    reason = check(lines[8])
    assert reason is not None
    assert reason.startswith("the limits were changed while it ran: ")


async def test_limits_that_were_tightened_stop_what_they_forbid(short: Path, tmp_path: Path) -> None:
    """Between staging and start, and in the midst of streaming."""
    with machine(short, "p", "marlin") as sim:
        config = write_shop(tmp_path, short / "run", printer=sim.port)
        file = tmp_path / "printer.limits.toml"
        async with streaming(config, "printer") as streamer:
            status = await streamer.until(lambda status: status.state is State.READY)
            order = streamer.order(status, "run1", print_program(4000))
            written(file, COOLER)
            refused = await streamer.start(order)
            assert (refused.started, sim.episodes()) == (False, 0)
            assert "190" in refused.reason
            written(file, PRINTER_LIMITS)
            order = streamer.order(status, "run2", print_program(4000))
            written(tmp_path / "policy.toml", "no TOML")
            refused = await streamer.start(order)
            assert (refused.started, sim.episodes()) == (False, 0)
            assert "policy.toml" in refused.reason
            written(tmp_path / "policy.toml", '[machines.printer]\nlimits = "printer.limits.toml"\n')
            assert (await streamer.start(streamer.order(status, "run3", print_program(4000)))).started
            await streamer.until(lambda status: status.lines_done > 20)
            written(tmp_path / "policy.toml", "no TOML")
            seen = (await streamer.status()).lines_done
            await streamer.until(lambda status: status.lines_done > seen + 50)
            written(tmp_path / "policy.toml", '[machines.printer]\nlimits = "printer.limits.toml"\n')
            written(file, SLOWER)
            assert (await streamer.ended("run3"))[-1] == "faulted"
            last = (await streamer.entries())[-1].report
            assert isinstance(last, Faulted)
            assert last.safe
            assert "the limits were changed while it ran" in last.reason


async def test_a_presence_interval_that_was_shortened_counts_at_once(short: Path, tmp_path: Path) -> None:
    async with router(short, tmp_path, "presence_interval_s = 600.0\n") as (streamer, _):
        await streamer.client.ask(wire.Home(), wire.Done, 60)
        await streamer.client.ask(wire.SetWorkZero(machine_mm=(-580.0, -380.0, -60.0)), wire.WorkOffset)
        status = await streamer.until(lambda status: status.state is State.READY)
        assert (await streamer.start(streamer.order(status, "run1", cut_program(3000)))).started
        await streamer.until(lambda status: status.lines_done > 5)
        policy = tmp_path / "policy.toml"
        written(policy, policy.read_text().replace("600.0", "0.2"))
        held = await streamer.until(lambda status: status.state is State.HELD)
        assert held.lapsed
        await streamer.client.ask(wire.Cancel(reason="seen"), wire.Done)
        assert (await streamer.ended("run1"))[-1] == "stopped"
