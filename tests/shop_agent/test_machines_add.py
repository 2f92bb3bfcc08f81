"""`llagar-agent machines add`: a found machine goes into the owner's files, which stay as they were otherwise."""

import tomllib
from pathlib import Path

import pytest

from shop_agent.errors import BadConfig
from shop_agent.settings import load_config, load_policy, machine_limits
from tests.shop_agent.machines import machine
from tests.shop_agent.shops import write_shop
from tests.shop_agent.terminal import Ended, terminal


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A shop with a printer that isn't plugged in, and comments."""
    path = write_shop(tmp_path, tmp_path / "run", printer=tmp_path / "tty")
    path.write_text("# our own words\n" + path.read_text() + "# the end\n")
    (tmp_path / "policy.toml").write_text("# ours\n" + (tmp_path / "policy.toml").read_text())
    return path


def files(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in folder.iterdir() if file.is_file()}


def add(shop: Path, *arguments: str) -> Ended:
    return terminal(shop, "machines", "add", *arguments)


def test_a_router_is_written_as_it_was_found(short: Path, shop: Path) -> None:
    before = files(shop.parent)
    shop.chmod(0o640)
    with machine(short, "r", "grbl") as sim:
        more = ("--material", "plywood", "--tool", "3")
        done = add(shop, "router-2", "--port", str(sim.port), *more)
        assert done.code == 0, done.stderr
        assert sim.episodes() == 0
        again = add(shop, "router-3", "--port", str(sim.port), *more)
        assert again.code == 2
        assert "is the port of router-2 already" in again.stderr
    config = load_config(shop)
    policy = load_policy(config)
    router = config.machine("router-2")
    assert (router.driver, router.process, router.volume_mm) == ("grbl", "cut2d", (600.0, 400.0, 80.0))
    assert router.attended
    assert shop.stat().st_mode & 0o777 == 0o640
    after = files(shop.parent)
    assert after["agent.toml"].startswith("# our own words\n")
    assert set(before["agent.toml"].splitlines()) <= set(after["agent.toml"].splitlines())
    assert set(before["policy.toml"].splitlines()) <= set(after["policy.toml"].splitlines())
    assert set(after) - set(before) == {"router-2.limits.toml", "router-2.profile.toml"}
    # Not a figure that nobody has measured counts as a limit.
    assert tomllib.loads(after["router-2.limits.toml"]) == {"dialect": "grbl"}
    assert "# x = [-600, 0]" in after["router-2.limits.toml"]
    assert '\n\n[[machines]]\nname = "router-2"' in after["agent.toml"]
    assert "router-2.limits.toml: [envelope_mm]" in done.stdout
    assert "max_feed_mm_s" in done.stdout
    with pytest.raises(BadConfig, match="max_feed_mm_s"):
        machine_limits(config, policy, "router-2")


def test_a_printer_whose_volume_nobody_tells_needs_it_said(short: Path, shop: Path) -> None:
    before = files(shop.parent)
    with machine(short, "p", "marlin") as sim:
        told = ("printer-2", "--port", str(sim.port), "--material", "PLA", "--tool", "0.4")
        silent = add(shop, *told)
        if silent.code:
            assert "say --volume" in silent.stderr
            assert files(shop.parent) == before
            done = add(shop, *told, "--volume", "250", "210", "210")
            assert done.code == 0, done.stderr
    assert load_config(shop).machine("printer-2").process == "fdm"


def test_a_machine_by_hand_has_no_port(shop: Path) -> None:
    told = ("resin", "--by-hand", "--material", "PLA", "--tool", "0.4", "--volume", "120", "68", "150")
    assert "say --dialect" in add(shop, *told).stderr
    assert "say --process" in add(shop, *told, "--dialect", "marlin").stderr
    done = add(shop, *told, "--dialect", "marlin", "--process", "fdm")
    assert done.code == 0, done.stderr
    machine = load_config(shop).machine("resin")
    assert machine.attested
    assert machine.port == ""


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("printer", "--port", "/dev/null"), "there is a machine printer already"),
        (("printer-2", "--port", "/nowhere"), "gone"),
        (("printer-2",), "say --port"),
        (("Big Printer", "--by-hand", "--process", "fdm", "--dialect", "marlin"), "nothing was changed"),
        (("resin", "--by-hand", "--process", "fdm", "--dialect", "marlin", "--material", "gold"), "in no stock"),
    ],
)
def test_what_can_not_be_added_changes_nothing(shop: Path, arguments: tuple[str, ...], reason: str) -> None:
    before = files(shop.parent)
    done = add(shop, *arguments, "--material", "PLA", "--tool", "0.4", "--volume", "1", "2", "3")
    assert done.code == 2
    assert reason in done.stderr
    assert files(shop.parent) == before


def test_a_shops_first_machine(tmp_path: Path) -> None:
    shop = write_shop(tmp_path, tmp_path / "run")
    by_hand = ("--by-hand", "--process", "fdm", "--dialect", "marlin", "--volume", "1", "2", "3")
    done = add(shop, "resin", *by_hand, "--material", "PLA", "--tool", "0.4")
    assert done.code == 0, done.stderr
    assert [one.name for one in load_config(shop).machines] == ["resin"]
    assert list(load_policy(load_config(shop)).machines) == ["resin"]
    assert add(tmp_path / "nowhere.toml", "a", *by_hand, "--material", "PLA", "--tool", "1").code == 2
