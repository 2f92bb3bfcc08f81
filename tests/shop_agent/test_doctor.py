"""`llagar-agent doctor` on simulated machines: named rightly, what is lacking is said, nothing moves."""

import asyncio
import json
from pathlib import Path

import pytest

from drivers.base import Capabilities, LostLink, State
from drivers.finding import Found, Outcome, Place
from shop_agent.doctor.advice import Advice, of_files, of_profile, of_what_answers
from shop_agent.doctor.places import Spot, entries, machine_at
from shop_agent.errors import BadConfig
from shop_agent.settings import load_config, read_policy
from tests.shop_agent.machines import machine
from tests.shop_agent.own_profiles import approve, flat_file, import_profile, own_shop
from tests.shop_agent.shops import write_shop
from tests.shop_agent.terminal import Ended, terminal
from tests.shop_agent.test_streamer import streaming


def doctor(config: Path, *arguments: str) -> Ended:
    return terminal(config, "doctor", "--json", *arguments)


def test_without_any_files_machines_are_found_and_named(short: Path) -> None:
    ports = short / "ports"
    ports.mkdir()
    (ports / "notes.txt").write_text("not a port")
    with machine(short, "p", "marlin") as printer, machine(short, "r", "grbl") as router:
        (ports / "printer-1").symlink_to(printer.port)
        (ports / "router-1").symlink_to(router.port)
        done = doctor(short / "agent.toml", "--ports", str(ports))
        shown = terminal(short / "agent.toml", "doctor", "--ports", str(ports))
        assert printer.episodes() == router.episodes() == 0
    assert done.code == shown.code == 1
    report = json.loads(done.stdout)
    found = {one["name"]: one for one in report["machines"]}
    assert {name: one["driver"] for name, one in found.items()} == {"printer-1": "marlin", "router-1": "grbl"}
    assert found["printer-1"]["firmware"].startswith("Marlin")
    assert found["router-1"]["volume_mm"] == [600.0, 400.0, 80.0]
    assert all("go and look" in one["lost_link"] for one in found.values())
    texts = [remark["text"] for remark in report["remarks"]]
    assert sum("machines add" in text for text in texts) == 2
    lines = [line.strip() for line in shown.stdout.splitlines()]
    assert len([line for line in lines if line.strip("│ ").startswith(("printer-1 ", "router-1 "))]) == 2
    assert any(line.startswith("not ready: ") for line in lines)
    assert [line for line in lines if line.startswith("when its link is lost: ")]
    assert "agent.toml" in shown.stdout


def test_a_whole_workshop_is_well(short: Path, tmp_path: Path) -> None:
    with machine(short, "p", "marlin") as printer:
        config = write_shop(tmp_path, short / "run", printer=printer.port, keys='power_off = ["relay", "off"]\n')
        done = doctor(config, "--ports", str(short))
        assert printer.episodes() == 0
    report = json.loads(done.stdout)
    (seen,) = report["machines"]
    assert (seen["name"], seen["configured"], seen["state"]) == ("printer", True, "ready")
    assert "cuts the power by its relay" in seen["lost_link"]
    assert [remark["text"] for remark in report["remarks"] if remark["attention"]] == []
    assert any("thermal protection" in remark["text"] for remark in report["remarks"])
    assert done.code == 0


async def test_a_machine_whose_streamer_has_the_port_is_asked_about_there(short: Path, tmp_path: Path) -> None:
    with machine(short, "p", "marlin") as printer:
        config = write_shop(tmp_path, short / "run", printer=printer.port)
        async with streaming(config, "printer") as streamer:
            before = await streamer.until(lambda status: status.state is State.READY)
            report = json.loads((await asyncio.to_thread(doctor, config, "--ports", str(short))).stdout)
            after = await streamer.status()
    (seen,) = report["machines"]
    assert (seen["outcome"], seen["state"], seen["firmware"]) == ("in use", "ready", before.firmware)
    assert after.boot_id == before.boot_id


def test_ports_are_links_and_urls(tmp_path: Path) -> None:
    (tmp_path / "voron.url").write_text("http://127.0.0.1:7125\n")
    (tmp_path / "port").symlink_to("/dev/null")
    (tmp_path / "log.jsonl").write_text("{}")
    assert entries(tmp_path) == [("port", str(tmp_path / "port")), ("voron", "http://127.0.0.1:7125")]
    (tmp_path / "voron.url").write_text("nothing")
    with pytest.raises(BadConfig, match="one URL"):
        entries(tmp_path)
    with pytest.raises(BadConfig, match="no folder"):
        entries(tmp_path / "nowhere")


def spot(config: Path, *, known: bool = True) -> Spot:
    section = load_config(config).machines[0]
    return Spot("printer", Place("/dev/ttyUSB0"), section if known else None)


def texts(advice: list[Advice], *, attention: bool) -> str:
    return "\n".join(one.text for one in advice if one.attention is attention)


@pytest.mark.parametrize(
    ("found", "text", "attention"),
    [
        (Found("", Outcome.GONE, detail="no such port"), "nobody is there", True),
        (Found("", Outcome.UNKNOWN, detail="no known firmware answers"), "no known firmware", True),
        (Found("", Outcome.IN_USE, detail="octoprint has it open"), "not touched", False),
        (Found("", Outcome.AT_WORK, detail="it is in state Run"), "left alone", False),
        (Found("", Outcome.NEEDS_KEY, firmware="OctoPrint 1.11"), "OctoPrint 1.11 needs a key", True),
        (Found("", Outcome.FAULT, firmware="Grbl 1.1h", detail="NoAnswer"), "NoAnswer", True),
        (Found("", Outcome.FOUND, "grbl", "Grbl 1.1h"), "driver = 'marlin', but Grbl 1.1h", True),
        (Found("", Outcome.FOUND, "marlin", "Marlin", 250000), "it answers at 250000", True),
    ],
)
def test_what_answers_is_held_against_the_files(tmp_path: Path, found: Found, text: str, attention: bool) -> None:
    config = write_shop(tmp_path, tmp_path / "run", printer=Path("/dev/ttyUSB0"))
    assert text in texts(list(of_what_answers(spot(config), found)), attention=attention)


def test_what_the_firmware_lacks_and_tells_is_said(tmp_path: Path) -> None:
    config = write_shop(tmp_path, tmp_path / "run", printer=Path("/dev/ttyUSB0"))
    lost_link = LostLink.SAFE_STATE_ON_RECONNECT
    bare = Capabilities("Marlin", True, False, False, lost_link, dangers=("it burns",), details=("2 extruders",))
    advice = list(of_what_answers(spot(config), Found("", Outcome.FOUND, "marlin", "Marlin", 115200, bare)))
    assert texts(advice, attention=True) == "it burns"
    assert texts(advice, attention=False) == "2 extruders"


def test_what_the_files_lack_is_said(tmp_path: Path) -> None:
    tty = Path("/dev/ttyUSB0")
    path = write_shop(tmp_path, tmp_path / "run", printer=tty, router=tty, policy="power_budget_w = 2000\n")
    config = load_config(path)
    policy = read_policy(config)
    printer, router = config.machines
    assert "no heat_w" in texts(list(of_files(printer, policy, "")), attention=True)
    assert "presence_interval_s" in texts(list(of_files(router, policy, "")), attention=False)
    assert "no power_off" in texts(list(of_files(router, policy, "")), attention=False)
    assert "limits are bad" in texts(list(of_files(router, policy, "limits are bad")), attention=True)
    (tmp_path / "policy.toml").write_text("[machines]\n")
    assert "nothing may run" in texts(list(of_files(printer, read_policy(config), "")), attention=True)


def test_blocks_that_wait_for_approval_are_said(tmp_path: Path) -> None:
    path = own_shop(tmp_path / "etc", tmp_path / "run", tmp_path / "tty", host="KEY")

    def said() -> str:
        config = load_config(path)
        return texts(list(of_profile(config.machines[0], read_policy(config))), attention=True)

    assert said() == ""
    import_profile(path, flat_file(tmp_path))
    assert "not approved: start_gcode" in said()
    approve(path)
    assert said() == ""
    (path.parent / "printer.0.4.PLA.imported.toml").unlink()
    assert "can't be read" in said()


def test_a_key_that_everybody_can_read_is_said(tmp_path: Path) -> None:
    config = write_shop(tmp_path, tmp_path / "run", printer=tmp_path / "tty", keys='api_key_file = "key"\n')
    key = tmp_path / "key"
    key.write_text("secret")
    key.chmod(0o644)
    (tmp_path / "ports").mkdir()
    (tmp_path / "ports" / "printer").symlink_to(tmp_path / "tty")
    done = doctor(config, "--ports", str(tmp_path / "ports"))
    assert done.code == 1
    assert any("chmod" in remark["text"] for remark in json.loads(done.stdout)["remarks"])


def test_a_key_on_its_way_through_the_network_is_said(tmp_path: Path) -> None:
    path = write_shop(tmp_path, tmp_path / "run", printer=tmp_path / "tty", keys='api_key_file = "key"\n')
    path.write_text(path.read_text().replace(str(tmp_path / "tty"), "http://voron.local"))
    (machine,) = load_config(path).machines
    assert "unencrypted" in texts(list(of_files(machine, None, "")), attention=False)
    assert machine_at([machine], "http://voron.local/") == machine
