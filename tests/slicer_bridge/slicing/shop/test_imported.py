import pytest

from slicer_bridge.errors import BadFile
from slicer_bridge.programs.blocks import BlockKind
from slicer_bridge.slicing.shop.bundle import Choice
from slicer_bridge.slicing.shop.imported import UNKNOWN, import_profile
from tests.slicer_bridge.slicing.shop.profiles import BUNDLE, START, config_ini

HOSTILE = {
    "post_process": "/bin/sh -c 'curl evil'",
    "gcode_substitutions": '"M104";"M104 S400"',
    "print_host": "10.0.0.1",
    "printhost_apikey": "SECRET",
    "printhost_password": "SECRET",
    "octoprint_apikey": "SECRET",
    "serial_port": "/dev/ttyUSB0",
    "host_type": "octoprint",
    "output_filename_format": "../../etc/passwd",
    "bed_custom_texture": "/etc/shadow",
    "bed_custom_model": "/etc/shadow",
    "between_objects_gcode": "M997",
    "template_custom_gcode": "M997",
    "pause_print_gcode": "M997",
    "notes": "M997",
    "thumbnails": "16x16",
}


def test_what_is_taken_and_what_is_dropped() -> None:
    imported = import_profile(config_ini(**HOSTILE, unheard_of="1"), "config.ini")
    settings = imported.profile.settings
    assert settings["temperature"] == "210"
    assert settings["machine_max_feedrate_x"] == "200", "of two modes the normal one"
    assert settings["gcode_flavor"] == "marlin"
    assert imported.notes == ("gcode_flavor klipper is written as marlin, which it takes too",)
    reasons = {one.key: one.reason for one in imported.dropped}
    assert set(HOSTILE) <= set(reasons)
    assert reasons["unheard_of"] == UNKNOWN
    assert reasons["layer_height"] == reasons["perimeters"] == "the order's recipe or Llagar sets it"
    assert not set(HOSTILE) & set(settings)
    assert "SECRET" not in repr(imported.profile)
    assert "M997" not in repr(imported.profile)


def test_blocks_keep_their_text_and_kind() -> None:
    data = config_ini(
        start_filament_gcode='"; Filament gcode\\nM900 K{if nozzle_diameter[0]==0.6}0.02{else}0.05{endif}";"M900 K9"',
        before_layer_gcode=";BEFORE\\nG92 E0.0\\n;[layer_z]\\n\\n",
        layer_gcode=";AFTER\\nTIMELAPSE_TAKE_FRAME\\n",
        toolchange_gcode="T[next_extruder]",
        end_filament_gcode='"; nothing\\n"',
    )
    blocks = {block.slot: block for block in import_profile(data, "config.ini").profile.blocks}
    assert blocks["start_gcode"].text == START
    assert blocks["start_filament_gcode"].text.startswith("; Filament gcode\nM900 K{if")
    assert {slot: block.kind for slot, block in blocks.items()} == {
        "start_gcode": BlockKind.START,
        "start_filament_gcode": BlockKind.START,
        "end_gcode": BlockKind.END,
        "toolchange_gcode": BlockKind.CHANGE,
        "layer_gcode": BlockKind.LAYER,
    }


def test_line_ends_change_no_hash_and_text_does() -> None:
    def start(text: str) -> str:
        return import_profile(config_ini(start_gcode=text), "").profile.blocks[0].sha256

    assert start("G28\\nG29") == start("G28\\r\\nG29\\r\\n") == start('"G28\\nG29"')
    assert len({start("G28\\nG29"), start("G28\\nG29 ; twice"), start("G28\\n G29")}) == 3


@pytest.mark.parametrize(
    ("key", "value", "must_be"),
    [
        ("temperature", "hot", "a whole number"),
        ("temperature", "210; M997", "210"),
        ("travel_speed", "fast", "a number"),
        ("travel_speed", "1e999e1", "a number"),
        ("first_layer_height", "70 %", "a percentage"),
        ("fan_always_on", "yes", "0 or 1"),
        ("fill_pattern", "[printer_model]", "PrusaSlicer's words"),
        ("printer_model", "{system}", "a plain name"),
        ("printer_model", "MK3\\nM997", "a plain name"),
        ("bed_shape", "180x180,", "points"),
        ("filament_type", "PLA\\nM997", "a plain name"),
    ],
)
def test_values_of_another_kind(key: str, value: str, must_be: str) -> None:
    """A list's first element counts: nothing that follows comes through."""
    if must_be == "210":
        assert import_profile(config_ini(**{key: value}), "").profile.settings[key] == "210"
        return
    with pytest.raises(BadFile, match=f"config.ini: {key} = .*it must be .*{must_be}"):
        import_profile(config_ini(**{key: value}), "config.ini")


def test_notes_are_reduced_to_the_keywords_that_blocks_ask_for() -> None:
    notes = "Don't remove!\\nPRINTER_VENDOR_PRUSA3D\\nPRINTER_MODEL_MINI\\n{M997} [x]"
    settings = import_profile(config_ini(printer_notes=notes), "").profile.settings
    assert settings["printer_notes"] == "PRINTER_VENDOR_PRUSA3D PRINTER_MODEL_MINI M997"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"gcode_flavor": "reprapfirmware"}, "gcode_flavor = reprapfirmware: machines are driven that speak"),
        ({"gcode_flavor": "sailfish"}, "machines are driven that speak"),
        ({"printer_technology": "SLA"}, "printer of resin"),
        ({"nozzle_diameter": None}, "does not say nozzle_diameter"),
        ({"start_gcode": "G28\\n" * 20_000}, "start_gcode has over"),
    ],
)
def test_profiles_of_no_use_here(changed: dict[str, str | None], message: str) -> None:
    with pytest.raises(BadFile, match=message):
        import_profile(config_ini(**changed), "config.ini")


def test_of_several_tools_the_first_is_taken() -> None:
    data = config_ini(nozzle_diameter="0.4,0.6", temperature="210,240", filament_type="PLA;PETG")
    imported = import_profile(data, "")
    assert (imported.profile.nozzle_mm, imported.profile.number("temperature")) == (0.4, 210)
    assert imported.profile.settings["filament_type"] == "PLA"
    assert "of 2 tools the first alone is used" in imported.notes


def test_names_are_kept_for_blocks_that_ask_for_them() -> None:
    profile = import_profile(BUNDLE.encode(), "ours.ini", Choice(filament="Our PETG")).profile
    assert profile.settings["filament_settings_id"] == "Our PETG"
    assert (profile.printer, profile.print, profile.filament) == ("Ours 0.4", "Fine", "Our PETG")


def test_its_hash_follows_settings_and_blocks() -> None:
    same = import_profile(config_ini(), "a.ini").profile.sha256
    assert import_profile(b"# later\n" + config_ini(), "b.ini").profile.sha256 == same
    assert import_profile(config_ini(temperature="211"), "a.ini").profile.sha256 != same
    assert import_profile(config_ini(start_gcode="PRINT_START"), "a.ini").profile.sha256 != same
