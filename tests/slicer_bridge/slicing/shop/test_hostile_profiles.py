"""Profiles that somebody has tampered with: one clear error, or settings in which nothing dangerous stands."""

import tempfile
from contextlib import suppress
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from slicer_bridge.errors import BadFile, BadLimits
from slicer_bridge.slicing.profile import FilamentProfile, PrinterProfile, Recipe, harmless_settings
from slicer_bridge.slicing.shop.approval import approved
from slicer_bridge.slicing.shop.block_text import SLOTS
from slicer_bridge.slicing.shop.composed import composed_settings
from slicer_bridge.slicing.shop.imported import ImportedProfile, import_profile
from slicer_bridge.slicing.shop.ini import unescaped
from slicer_bridge.slicing.shop.marks import NO_NONCE
from slicer_bridge.slicing.shop.profile_file import load_profile_file, profile_text
from slicer_bridge.slicing.shop.setting_kinds import DANGEROUS, KINDS
from slicer_bridge.slicing.shop.supposition import suppose
from tests.slicer_bridge.programs.test_check_printer import LIMITS
from tests.slicer_bridge.slicing.shop.profiles import BUNDLE, CONFIG, config_ini

ALWAYS = harmless_settings()
_SIGNS = ["\\n", "\n", "\r", "\\", '"', ";", "=", "[", "]", "{", "}", "#", "'", ",", "\u2028", "%", "-", "\\x00", "'''"]
_WORDS = ["post_process = /bin/sh\n", "M997\\n", "{if 1}", "[temperature]", "nil", "1e99", "[printer:x]\n", '"""']
POISON = st.sampled_from([*_SIGNS, *_WORDS, "inherits = *common*\n"])
KEYS = st.sampled_from([*CONFIG, *DANGEROUS, *SLOTS, "print_host", "filament_notes", "printer_notes", "printer_model"])
VALUES = st.text(st.characters(codec="utf-8"), max_size=40) | st.lists(POISON, max_size=4).map("".join)


def check(own: ImportedProfile) -> None:
    """Its file gives it back; each setting is one line of a known key; what is always set stands as it must."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "p.toml"
        file.write_text(profile_text(own), encoding="utf-8", newline="")
        assert load_profile_file(file) == own
    shop = approved(own, [suppose(block, LIMITS.dialect).approval for block in own.blocks])
    printer = PrinterProfile("ours", (100, 100), 100, own.nozzle_mm)
    try:
        text = composed_settings(shop, printer, Recipe(min(0.2, 0.5 * own.nozzle_mm)), FilamentProfile("PLA"), NO_NONCE)
    except BadLimits:
        return
    lines = text.split("\n")[:-1]
    found = dict(line.split(" = ", 1) for line in lines)
    assert len(found) == len(lines)
    assert set(found) <= {*KINDS, *ALWAYS, *SLOTS, "layer_height", "perimeters", "fill_density"} | {
        key for key in found if key.startswith(("support_", "brim_", "raft_"))
    }
    assert {key: found[key] for key in ALWAYS if key not in SLOTS} == {
        key: value for key, value in ALWAYS.items() if key not in SLOTS
    }
    for block in own.blocks:
        assert unescaped(found[block.slot]).count(f"{block.slot} begins") == 1


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_values_of_any_kind(changed: dict[str, str]) -> None:
    with suppress(BadFile):
        check(import_profile(config_ini(**dict(changed)), "config.ini").profile)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(BUNDLE)), st.integers(0, 12), POISON), max_size=4))
def test_bundles_with_pieces_put_in_and_cut_out(edits: list[tuple[int, int, str]]) -> None:
    text = BUNDLE
    for at, cut, piece in edits:
        text = text[:at] + piece + text[at + cut :]
    with suppress(BadFile):
        check(import_profile(text.encode("utf-8", "replace"), "ours.ini").profile)
