import pytest

from slicer_bridge.errors import BadFile
from slicer_bridge.slicing.shop.bundle import Choice, Flat, flatten, presets
from slicer_bridge.slicing.shop.ini import escaped, quoted, read_ini, split_strings, unescaped
from tests.slicer_bridge.slicing.shop.profiles import BUNDLE, VENDORS, config_ini, vendor


def flat(text: str = BUNDLE, printer: str = "", print_: str = "", filament: str = "") -> Flat:
    return flatten(read_ini(text.encode(), "ours.ini"), Choice(printer, print_, filament))


def test_the_later_parent_wins_and_own_keys_over_all() -> None:
    """PrusaSlicer 2.5, flatten_configbundle_hierarchy."""
    values = flat().values
    assert values["retract_length"] == "0.8"
    assert values["retract_speed"] == "35"
    assert values["layer_height"] == "0.1"
    assert flat(print_="Coarse").values["layer_height"] == "0.3"
    assert flat(printer="Ours 0.6").values["nozzle_diameter"] == "0.6"
    assert "inherits" not in values


def test_names_follow_from_the_active_printer_and_what_it_prefers() -> None:
    assert flat().names == {"printer": "Ours 0.4", "print": "Fine", "filament": "Our PLA"}
    assert flat(filament="Our PETG").names["filament"] == "Our PETG"
    assert presets(read_ini(BUNDLE.encode(), ""), "printer") == ("Ours 0.4", "Ours 0.6")


def test_a_flat_configuration_has_no_presets() -> None:
    assert flat(config_ini().decode()).values["temperature"] == "210"
    with pytest.raises(BadFile, match="leave out --filament"):
        flat(config_ini().decode(), filament="PLA")


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("[presets]", "[extruders]", r"section \[extruders\] is none of PrusaSlicer's"),
        ("[presets]", "[printer:]", r"section \[printer:\] is none"),
        ("inherits = *speeds*\nlayer_height = 0.1", "inherits = *lost*", r"inherits from '\*lost\*', which is not in"),
        ("[print:*speeds*]", "[print:*speeds*]\ninherits = Fine", "inherits from itself: Fine → "),
        ("[filament:Our PLA]\ntemperature = 210", "[filament:Our PLA]", "Our PLA does not say temperature"),
        ("[printer:*common*]\nprinter_technology = FFF", "[printer:*common*]\nprinter_technology = SLA", "of resin"),
        ("printer = Ours 0.4", "printer = Gone", "say --printer: there are 2: Ours 0.4, Ours 0.6"),
        ("temperature = 210\n", "temperature = 210\ntemperature = 220\n", "temperature stands twice"),
        ("[print:Coarse]", "[print:Fine]", r"section \[print:Fine\] stands there twice"),
        ("temperature = 210\n", "temperature 210\n", "settings are written key = value"),
        ("[print:Coarse]", "[print:Coarse", r"a section is written \[NAME\]"),
        ("Our PETG", "Our \x00PETG", "a control character"),
        ('"Our PLA"', '"Our PLA', "a quote is not closed"),
    ],
)
def test_broken_bundles(before: str, after: str, message: str) -> None:
    assert before in BUNDLE
    with pytest.raises(BadFile, match=message):
        flat(BUNDLE.replace(before, after, 1))


def test_names_that_are_not_there() -> None:
    with pytest.raises(BadFile, match="no filament 'Our ABS': there are 2: Our PLA, Our PETG"):
        flat(filament="Our ABS")


def test_a_persons_own_preset_needs_no_parent_that_prusaslicer_ships() -> None:
    whole = BUNDLE.replace("[filament:Our PLA]", "[filament:Our PLA]\ninherits = Prusament PLA")
    assert flat(whole).values["temperature"] == "210"


@pytest.mark.parametrize("data", [b"", b"\n# nothing\n", b"\xff\xfe", b"a = " + b"x" * 9_000_000])
def test_files_that_are_none(data: bytes) -> None:
    with pytest.raises(BadFile):
        read_ini(data, "x.ini")


@pytest.mark.parametrize("text", ["a\nb\\n\r", 'say "x"; y', "", "\\", "{if a}\n[b]\n{endif}"])
def test_strings_come_back_as_they_were(text: str) -> None:
    assert unescaped(escaped(text)) == text
    assert "\n" not in escaped(text)
    assert split_strings(f"{quoted(text)};{quoted('next')}", "") == (text, "next")


def test_every_vendors_printer_has_a_whole_profile_or_one_clear_reason() -> None:
    """Debian's 2.5.0: most presets are whole; the rest leave keys to the program, or are for resin."""
    if not VENDORS.is_dir():
        pytest.skip("PrusaSlicer's profiles are not installed")
    whole, reasons = 0, set()
    for path in sorted(VENDORS.glob("*.ini")):
        ini = read_ini(vendor(path.stem), path.name)
        for printer in presets(ini, "printer"):
            try:
                whole += bool(flatten(ini, Choice(printer)).values)
            except BadFile as error:
                reasons.add(str(error).partition(": ")[2])
    assert whole >= 200
    assert [why for why in reasons if not any(word in why for word in ("say --", "does not say", "of resin"))] == []
