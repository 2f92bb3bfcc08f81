"""`llagar-agent profile`: what an owner types to print with a PrusaSlicer profile, and what is written."""

import tomllib
from pathlib import Path

import pytest

from shop_agent.errors import BadConfig
from shop_agent.profiles import load_profile
from shop_agent.settings import load_config, load_policy
from slicer_bridge.programs.limits import load_limits
from tests.repository.test_documents import blocks, calls
from tests.shop_agent.own_profiles import approve, flat_file, import_profile, own_shop, take_limits
from tests.shop_agent.terminal import terminal
from tests.slicer_bridge.slicing.shop.profiles import BUNDLE, START, VENDORS

GUIDE = "docs/workshop.md"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return own_shop(tmp_path / "etc", tmp_path / "run", tmp_path / "tty", host="KEY")


@pytest.fixture
def flat(tmp_path: Path) -> Path:
    return flat_file(tmp_path, post_process="/bin/evil", printhost_apikey="SECRET", unheard_of="1")


def files(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in folder.iterdir() if file.is_file()}


def test_import_writes_a_clean_profile_and_names_it(shop: Path, flat: Path) -> None:
    profile = shop.parent / "printer.toml"
    profile.write_text("# ours\n[printer]\ntravel_mm_s = 120\n\n[imported.PETG]\n\"0.4\" = 'petg.toml'\n")
    done = import_profile(shop, flat)
    assert done.code == 0, done.stderr
    text = (shop.parent / "printer.0.4.PLA.imported.toml").read_text()
    assert "SECRET" not in text + done.stdout
    assert "evil" not in text + done.stdout
    assert "dropped (it runs programs on this computer): post_process" in done.stdout
    assert "dropped (not known to this version): unheard_of" in done.stdout
    assert "not approved yet: start_gcode, end_gcode: llagar-agent profile approve --machine printer" in done.stdout
    assert profile.read_text().startswith("# ours\n[printer]\ntravel_mm_s = 120\n")
    assert tomllib.loads(profile.read_text())["imported"] == {
        "PETG": {"0.4": "petg.toml"},
        "PLA": {"0.4": "printer.0.4.PLA.imported.toml"},
    }
    own = load_profile(profile).imported("PLA", 0.4)
    assert own is not None
    assert (own.source, own.number("temperature")) == ("config.ini", 210)
    again = files(shop.parent)
    assert import_profile(shop, flat).code == 0
    assert files(shop.parent) == again


def test_import_says_what_differs_and_which_limits_would_do(shop: Path, tmp_path: Path) -> None:
    hot = flat_file(tmp_path, first_layer_temperature="280", bed_shape="0x0,220x0,220x220,0x220")
    done = import_profile(shop, hot)
    assert "differs: max_hotend_c: the profile goes to 280, the machine's limit is 260" in done.stdout
    assert "differs: bed: X from 0 to 220 in the profile, from 0 to 180 here" in done.stdout
    take_limits(shop, done)
    assert load_limits(shop.parent / "printer.limits.toml").max_hotend_c == 280


def test_import_of_a_bundles_presets(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "ours.ini").write_text(BUNDLE)
    done = import_profile(shop, tmp_path / "ours.ini", "--print", "Coarse", "--filament", "Our PETG")
    assert "ours.ini: Ours 0.4 · Coarse · Our PETG" in done.stdout
    wrong = import_profile(shop, tmp_path / "ours.ini", "--printer", "Theirs")
    assert (wrong.code, "no printer 'Theirs': there are 2" in wrong.stderr) == (2, True)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"nozzle_diameter": "0.6"}, "for a nozzle of 0.6 mm, printer has one of 0.4"),
        ({"bed_shape": "0x0,120x0,120x120,0x120"}, "its bed ends at 120 mm"),
        ({"printer_technology": "SLA"}, "printer of resin"),
        ({"temperature": "hot"}, "temperature = hot: it must be a whole number"),
    ],
)
def test_import_of_what_does_not_fit_changes_nothing(
    shop: Path, tmp_path: Path, changed: dict[str, str | None], message: str
) -> None:
    before = files(shop.parent)
    done = import_profile(shop, flat_file(tmp_path, **changed))
    assert done.code == 2
    assert message in done.stderr
    assert files(shop.parent) == before


def test_import_for_machines_and_materials_that_are_not_there(shop: Path, flat: Path, tmp_path: Path) -> None:
    def fails(*arguments: str) -> str:
        done = terminal(shop, "profile", "import", *arguments)
        assert done.code == 2
        return done.stderr

    assert "no machine 'press'" in fails(str(flat), "--machine", "press", "--material", "PLA")
    assert "printer takes PLA, not ../x\n" in fails(str(flat), "--machine", "printer", "--material", "../x\n")
    assert "can't be read" in fails(str(tmp_path / "no.ini"), "--machine", "printer", "--material", "PLA")


def test_approve_shows_each_block_and_what_to_put_into_the_policy(shop: Path, flat: Path) -> None:
    import_profile(shop, flat)
    before = (shop.parent / "policy.toml").read_text()
    done = terminal(shop, "profile", "approve", "--machine", "printer")
    for said in (
        f"1 {START}",
        "^ elsewhere refused: PRINT_START is not on this machine's list",
        "supposed: homed, by line 1",
        "supposed: hotend as the profile says, by line 1",
        "start_gcode (start), NOT approved",
        'words = ["PRINT_START"]',
        'hotend_c = "profile"',
    ):
        assert said in done.stdout
    assert (shop.parent / "policy.toml").read_text() == before, "it approves nothing by itself"
    approve(shop)
    policy = load_policy(load_config(shop))
    assert [(block.machine, str(block.kind), block.homed) for block in policy.blocks] == [
        ("printer", "start", True),
        ("printer", "end", False),
    ]
    done = terminal(shop, "profile", "approve", "--machine", "printer")
    assert "every block is approved" in done.stdout
    assert "NOT" not in done.stdout


def test_a_changed_block_is_shown_again_and_the_others_are_not(shop: Path, tmp_path: Path) -> None:
    import_profile(shop, flat_file(tmp_path))
    approve(shop)
    done = import_profile(shop, flat_file(tmp_path, start_gcode=START + " MESH=1"))
    assert "not approved yet: start_gcode: llagar-agent" in done.stdout
    text = approve(shop)
    assert text.count("[[blocks]]") == 1


def test_a_block_can_not_play_tricks_on_a_terminal(shop: Path, tmp_path: Path) -> None:
    escaped = import_profile(shop, flat_file(tmp_path, start_gcode="PRINT_START ; \x1b[2J"))
    assert (escaped.code, "a control character" in escaped.stderr) == (2, True)
    import_profile(shop, flat_file(tmp_path, start_gcode="PRINT_START ; \u202e7994M"))
    done = terminal(shop, "profile", "approve", "--machine", "printer")
    assert "PRINT_START ; \\x202e7994M" in done.stdout
    assert "\u202e" not in done.stdout


def test_approve_without_a_profile(shop: Path) -> None:
    done = terminal(shop, "profile", "approve", "--machine", "printer")
    assert (done.code, "has no imported profile" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ('machine = "press"', "there is no [machines.press]"),
        ('sha256 = "ab"', "sha256"),
        ('words = ["print start"]', "is no word"),
        ('words = ["g29"]', "write it as G29"),
        ('hotend_c = "hot"', "hotend_c"),
        ("bed_c = -5", "bed_c"),
        ("position_mm = [1, 2]", "position_mm"),
        ("approved = true", "approved"),
        ('kind = "stop"', "kind"),
    ],
)
def test_wrong_approvals(shop: Path, entry: str, message: str) -> None:
    values = {"machine": '"printer"', "kind": '"start"', "sha256": f'"{"0" * 64}"'}
    key, _, value = entry.partition(" = ")
    text = "\n".join(f"{name} = {text}" for name, text in {**values, key: value}.items())
    with (shop.parent / "policy.toml").open("a") as policy:
        policy.write(f"\n[[blocks]]\n{text}\n")
    with pytest.raises(BadConfig) as caught:
        load_policy(load_config(shop))
    assert message in str(caught.value)


def test_the_same_block_twice(shop: Path, flat: Path) -> None:
    import_profile(shop, flat)
    text = approve(shop)
    with (shop.parent / "policy.toml").open("a") as policy:
        policy.write(text)
    with pytest.raises(BadConfig, match="stands there twice"):
        load_policy(load_config(shop))


def test_the_guides_commands_do_what_it_says(tmp_path: Path) -> None:
    """Its own workshop, its own commands, in their order; what it shows for policy.toml is among what is written."""
    if not VENDORS.is_dir():
        pytest.skip("PrusaSlicer's profiles are not installed")
    shown = {text.splitlines()[0].removeprefix("# "): text for kind, text in blocks(GUIDE) if kind == "toml"}
    for name in ("agent.toml", "policy.toml", "printer-250.limits.toml", "printer-250.profile.toml"):
        (tmp_path / name).write_text(shown[name], encoding="utf-8")
    commands = [call[1:] for call in calls(GUIDE) if call[:2] == ["llagar-agent", "profile"] and "--config" in call]
    assert [call[1] for call in commands] == ["import", "approve"]
    for call in commands:
        place = call.index("--config")
        del call[place : place + 2]
        done = terminal(tmp_path / "agent.toml", *(word.replace("blocks.toml", str(tmp_path / "b")) for word in call))
        assert done.code == 0, done.stderr
    written = (tmp_path / "b").read_text()
    for block in tomllib.loads(shown["blocks.toml"])["blocks"]:
        assert block in tomllib.loads(written)["blocks"]
    (tmp_path / "policy.toml").write_text(shown["policy.toml"] + written)
    assert len(load_policy(load_config(tmp_path / "agent.toml")).blocks) == 4
