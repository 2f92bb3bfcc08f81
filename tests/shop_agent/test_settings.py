"""What the owner writes: every mistake is named, and the streamer's and agent's commands end with 2."""

import os
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path

import pytest

from broker.wire.shop import Process, Window
from shop_agent.errors import BadConfig
from shop_agent.profiles import load_profile
from shop_agent.settings import (
    MachinePolicy,
    Policy,
    load_config,
    load_policy,
    machine_limits,
    require_safe_host,
    require_safe_link,
)
from tests.shop_agent.shops import write_shop
from tests.shop_agent.terminal import terminal

EXAMPLE = Path(__file__).parents[2] / "rigs" / "workshop" / "agent.toml"


def test_the_example_workshop_is_whole() -> None:
    config = load_config(EXAMPLE)
    policy = load_policy(config)
    for machine in config.machines:
        limits = machine_limits(config, policy, machine.name)
        assert limits.max_feed_mm_s > 0
        profile = load_profile(machine.profile)
        for material in machine.materials:
            if machine.process is Process.FDM:
                assert profile.filament(material).hotend_c > 150
                assert profile.printer(machine).bed_mm == machine.volume_mm[:2]
            else:
                assert profile.tool(material, machine.tool_mm, limits).feed_mm_s > 0
    assert config.inventory().machines[0].name == config.machines[0].name
    assert (config.inventory().operators, config.inventory().share_plates) == (2, True)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ('town = "Nava"', 'town = "Nava"\ncolour = "red"', "shop.colour"),
        ('materials = ["PLA"]', 'materials = ["ABS"]', "in no stock"),
        ("http://127.0.0.1:9", "http://example.org", "not encrypted"),
        ("Europe/Madrid", "Asturias/Nava", "no time zone"),
        ('name = "printer"', 'name = "Big Printer"', "machines.0.name"),
        ("[shop]", "[shop", "TOML"),
        ('port = "', 'power_off = "off"\nport = "', "power_off"),
        ('driver = "marlin"', 'driver = "by_hand"', "has no port"),
        ("tool_mm = 0.4", "tool_mm = 0.4\nsafe_end = {fan = 3}", "safe_end.fan"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, before: str, after: str, reason: str) -> None:
    path = write_shop(tmp_path, tmp_path / "run", printer=tmp_path / "tty")
    path.write_text(path.read_text().replace(before, after))
    with pytest.raises(BadConfig, match=reason):
        load_config(path)
    done = terminal(path, "run")
    assert done.code == 2
    assert str(path) in done.stderr


def test_the_executable_ends_with_two_and_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "shop_agent", "run", "--config", str(tmp_path / "agent.toml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("llagar-agent: ")
    assert done.stderr.count("\n") == 1


def test_every_machine_needs_limits(tmp_path: Path) -> None:
    path = write_shop(tmp_path, tmp_path / "run", printer=tmp_path / "tty")
    (tmp_path / "policy.toml").write_text("auto_accept_lots = true\n[machines]\n")
    with pytest.raises(BadConfig, match="printer"):
        load_policy(load_config(path))


def test_links_are_encrypted_but_on_this_computer() -> None:
    require_safe_link("https://broker.example")
    require_safe_link("http://localhost:8000")
    require_safe_link("http://[::1]:8000")
    for url in ("http://192.168.1.4:8000", "ftp://127.0.0.1", "broker"):
        with pytest.raises(ValueError, match=r"broker|https"):
            require_safe_link(url)


def test_hosts_in_the_shops_network_may_speak_plain_http() -> None:
    for url in (
        "http://127.0.0.1:5000",
        "http://192.168.1.9",
        "http://voron.local",
        "http://octopi",
        "https://a.example",
    ):
        require_safe_host(url)
    for url, reason in (("http://a.example", "https"), ("http://me:secret@octopi", "passwords"), ("http://", "URL")):
        with pytest.raises(ValueError, match=reason):
            require_safe_host(url)


def test_an_api_key_is_one_line_that_not_everybody_reads(tmp_path: Path) -> None:
    path = write_shop(tmp_path, tmp_path / "run", printer=tmp_path / "tty", keys='api_key_file = "key"\n')
    key = tmp_path / "key"
    key.write_text("abc123\n")
    key.chmod(0o644)
    machine = load_config(path).machines[0]
    with pytest.raises(BadConfig, match="chmod"):
        machine.api_key()
    key.chmod(0o640)
    assert machine.api_key() == "abc123"
    for text in ("", "two words", "two\nlines"):
        key.write_text(text)
        with pytest.raises(BadConfig, match="one API key"):
            machine.api_key()
    key.unlink()
    with pytest.raises(BadConfig, match="no API key"):
        machine.api_key()


def test_a_machine_that_alone_is_over_the_budget_is_an_error() -> None:
    alone = MachinePolicy(limits=Path("a"), heat_w=900)
    assert Policy(power_budget_w=900, machines={"a": alone, "b": alone}).machines["b"].heat_up_s == 900
    with pytest.raises(ValueError, match="could never start"):
        Policy(power_budget_w=899, machines={"a": alone})


def test_a_runtime_folder_too_long_for_sockets_is_an_error(tmp_path: Path) -> None:
    config = load_config(write_shop(tmp_path, tmp_path / ("x" * 100), printer=tmp_path / "tty"))
    with pytest.raises(BadConfig, match="runtime"):
        config.socket("printer")


def test_a_runtime_folder_of_another_user_is_an_error(tmp_path: Path) -> None:
    # Not below tmp_path, whose own length would be the first mistake.
    with tempfile.TemporaryDirectory() as folder:
        foreign = Path(folder) if os.getuid() == 0 else Path("/")
        if os.getuid() == 0:
            os.chown(foreign, 65534, 65534)
        config = load_config(write_shop(tmp_path, foreign, printer=tmp_path / "tty"))
        with pytest.raises(BadConfig, match="belongs to another user"):
            config.socket("printer")


def test_hours_are_local_and_none_means_always() -> None:
    monday_noon = datetime(2026, 1, 5, 12, 0)  # noqa: DTZ001 - a shop's wall clock
    assert Policy(machines={}).is_open(monday_noon)
    mornings = Policy(machines={}, hours=(Window(weekday=0, start_min=480, end_min=720),))
    assert not mornings.is_open(monday_noon)
    assert mornings.is_open(monday_noon.replace(hour=11))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[printer]\nspeed = 3\n", "no key speed"),
        ("[printer]\ntravel_mm_s = 'fast'\n", "travel_mm_s"),
        ("[plotter]\n", "no table"),
        ("[filaments]\nPLA = 3\n", "tables"),
    ],
)
def test_profiles_name_their_mistakes(tmp_path: Path, text: str, reason: str) -> None:
    config = load_config(write_shop(tmp_path, tmp_path / "run", printer=tmp_path / "tty"))
    path = tmp_path / "printer.toml"
    path.write_text(text)

    def use() -> None:
        profile = load_profile(path)
        profile.printer(config.machines[0])
        profile.filament("PLA")

    with pytest.raises(BadConfig, match=reason):
        use()
