"""Settings that a profile, a recipe and this package make together; and marks around blocks."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from slicer_bridge.errors import BadLimits, BlockNotApproved, SlicerFailed
from slicer_bridge.plates.plate import PlacedPart, Placement
from slicer_bridge.programs.blocks import BlockKind
from slicer_bridge.slicing.contract import Engine
from slicer_bridge.slicing.profile import FilamentProfile, Recipe
from slicer_bridge.slicing.shop.approval import approved
from slicer_bridge.slicing.shop.composed import composed_settings
from slicer_bridge.slicing.shop.marks import NO_NONCE, Marks, marked, new_nonce
from slicer_bridge.slicing.shop.supposition import suppose
from slicer_bridge.slicing.slice import slice_plate
from tests.slicer_bridge.shapes import write_box
from tests.slicer_bridge.slicing.shop.plates import (
    KLIPPER,
    PRINTER,
    as_it_looks,
    needs_slicer,
    profile,
)

# Marks --------------------------------------------------------------------------------------------


def marks(nonce: str) -> Marks:
    return Marks(nonce, as_it_looks(profile(), KLIPPER))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["S begins", "x"], "ends within start_gcode"),
        (["S ends"], "don't come in pairs"),
        (["S begins", "S begins"], "don't come in pairs"),
        (["S begins", "E ends"], "don't come in pairs"),
        (["S begins", "x", "S ends"], "end_gcode 0 times"),
        (["S begins", "x", "S ends", "S begins", "x", "S ends", "E begins", "x", "E ends"], "start_gcode 2 times"),
        (["S begins later"], "mark was changed"),
    ],
)
def test_marks_that_were_moved_or_lost(lines: list[str], message: str) -> None:
    nonce = new_nonce()
    whole = {"S": f"; llagar {nonce} start_gcode", "E": f"; llagar {nonce} end_gcode"}

    def read() -> None:
        found, kept = marks(nonce), 0
        for line in lines:
            kept += not found.take(re.sub(r"^[SE]\b", lambda match: whole[match[0]], line), kept)
        found.spans()

    with pytest.raises(SlicerFailed, match=message):
        read()


def test_another_slicings_marks_are_plain_lines() -> None:
    found = marks(new_nonce())
    text = marked("start_gcode", "x", new_nonce())
    assert [found.take(line, 0) for line in text.split("\n")] == [False] * 4


# Composition --------------------------------------------------------------------------------------


def settings(recipe: Recipe, **changed: str | None) -> dict[str, str]:
    text = composed_settings(
        as_it_looks(profile(**changed), KLIPPER), PRINTER, recipe, FilamentProfile("PLA"), NO_NONCE
    )
    return dict(line.split(" = ", 1) for line in text.splitlines())


def test_the_recipe_sets_its_own_keys_and_no_other() -> None:
    plain, other = settings(Recipe()), settings(Recipe(0.28, 5, 1.0, supports=True, brim_mm=3.0))
    changed = {key for key in other if other[key] != plain.get(key)}
    asked = {
        "layer_height",
        "perimeters",
        "fill_density",
        "fill_pattern",
        "brim_type",
        "brim_width",
        "support_material",
    }
    assert changed == asked
    assert plain["first_layer_height"] == "0.2"
    assert settings(Recipe(0.1), first_layer_height="150%")["first_layer_height"] == "0.15"
    assert settings(Recipe(0.2), first_layer_height="0.9")["first_layer_height"] == "0.32"


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(layer_mm=float("nan")),
        Recipe(infill=float("inf")),
        Recipe(perimeters=10**9),
        Recipe(brim_mm=float("nan")),
        Recipe(layer_mm=-1),
    ],
)
def test_hostile_recipes(recipe: Recipe) -> None:
    with pytest.raises(BadLimits):
        settings(recipe)


def test_dangerous_keys_are_always_set_last() -> None:
    found = settings(Recipe())
    empty = (
        "post_process",
        "gcode_substitutions",
        "print_host",
        "printhost_apikey",
        "thumbnails",
        "template_custom_gcode",
    )
    assert {found[key] for key in empty} == {""}
    assert {found[key] for key in ("complete_objects", "spiral_vase", "wipe_tower", "use_firmware_retraction")} == {"0"}
    assert found["gcode_label_objects"] == found["use_relative_e_distances"] == "1"
    assert found["end_gcode"].endswith("M104 S0\\nM140 S0\\nM107\\n")


@pytest.mark.parametrize(
    ("key", "value"), [("post_process", "/bin/sh"), ("temperature", "210\npost_process = x"), ("printer_model", "{x}")]
)
def test_a_profile_that_was_tampered_with_makes_no_settings(key: str, value: str) -> None:
    own = profile()
    shop = as_it_looks(replace(own, settings={**own.settings, key: value}), KLIPPER)
    with pytest.raises(BadLimits, match=f"{key}: import the profile anew"):
        composed_settings(shop, PRINTER, Recipe(), FilamentProfile("PLA"), NO_NONCE)


def test_z_goes_no_faster_than_the_profile_lets_it() -> None:
    assert settings(Recipe())["travel_speed_z"] == "12"
    assert settings(Recipe(), travel_speed_z="5")["travel_speed_z"] == "5"


def test_blocks_that_are_not_approved() -> None:
    own = profile()
    start, end = (suppose(block, KLIPPER).approval for block in own.blocks)
    with pytest.raises(BlockNotApproved, match=r"not approved: start_gcode .* llagar-agent profile approve"):
        approved(own, [end])
    changed = profile(start_gcode="PRINT_START BED=60 EXTRUDER=280")
    with pytest.raises(BlockNotApproved, match="not approved or has changed since: start_gcode"):
        approved(changed, [start, end])
    with pytest.raises(BlockNotApproved):
        approved(own, [replace(start, kind=BlockKind.END), end])


@needs_slicer
def test_a_profile_is_for_prusaslicer_and_its_own_machine(tmp_path: Path) -> None:
    shop = as_it_looks(profile(), KLIPPER)
    part = PlacedPart(write_box(tmp_path / "box.stl", (5, 5, 5)), "box", (Placement(5, 5),))
    material, out = FilamentProfile("PLA"), tmp_path / "o.gcode"
    with pytest.raises(BadLimits, match="for PrusaSlicer, not for cura"):
        slice_plate((part,), PRINTER, Recipe(), material, out, Engine.CURA, shop=shop)
    with pytest.raises(BadLimits, match=r"nozzle of 0\.4"):
        slice_plate((part,), replace(PRINTER, nozzle_mm=0.6), Recipe(), material, out, shop=shop)
