"""A router's own file: how it cuts, what holds its pieces, where its clamps are."""

import hashlib
from pathlib import Path

import pytest

from broker.wire.shop import MachineSpec, Process
from shop_agent.errors import BadConfig
from shop_agent.profiles import load_profile
from shop_agent.staging.maker import make
from shop_agent.staging.order import MakeOrder
from slicer_bridge.errors import CutRefused
from slicer_bridge.programs.limits import Dialect, MachineLimits
from tests.shop_agent.plates import drawing, plate_of_squares

LIMITS = MachineLimits.model_validate(
    {
        "dialect": Dialect.GRBL,
        "envelope_mm": {"x": (-600, 0), "y": (-400, 0), "z": (-80, 0)},
        "max_feed_mm_s": 25,
        "max_feed_z_mm_s": 4,
        "max_spindle_rpm": 12000,
    }
)
EXAMPLE = Path(__file__).parents[2] / "rigs" / "workshop"
OWN = """
[cutting]
safe_mm = 8
finish_mm = 0.2
[tabs]
most = 0
[keep_out.left_clamp]
corners = [[0, 0], [12, 0], [12, 12], [0, 12]]
height_mm = 15
"""


def test_what_the_file_says(tmp_path: Path) -> None:
    (tmp_path / "router.toml").write_text(OWN)
    options = load_profile(tmp_path / "router.toml").cutting()
    assert (options.safe_mm, options.finish_mm, options.tabs.most) == (8, 0.2, 0)
    assert [(zone.name, zone.height_mm) for zone in options.keep_out] == [("left_clamp", 15)]


def test_figures_stay_within_the_machine(tmp_path: Path) -> None:
    (tmp_path / "router.toml").write_text("")
    tool = load_profile(tmp_path / "router.toml").tool("mdf", 6.0, LIMITS)
    assert (tool.spindle_rpm, tool.plunge_mm_s) == (12000, 4)
    assert tool.feed_mm_s <= 25


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[cutting]\nsafe = 8\n", r"\[cutting\] has no key safe"),
        ("[cutting]\nwork_offset = [1, 2, 3]\n", r"\[cutting\] has no key work_offset"),
        ("[tabs]\nevery_mm = 'often'\n", r"\[tabs\] every_mm"),
        ("[keep_out.left]\nheight_mm = 3\n", r"zone \[left\]: corners"),
        ("[clamps.left]\nheight_mm = 3\n", r"no table \[clamps\]"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "router.toml").write_text(text)
    with pytest.raises(BadConfig, match=words):
        load_profile(tmp_path / "router.toml").cutting()


@pytest.mark.parametrize("blocked", [False, True])
def test_a_plate_is_made_as_the_file_says(tmp_path: Path, blocked: bool) -> None:
    data = drawing()
    (tmp_path / hashlib.sha256(data).hexdigest()).write_bytes(data)
    (tmp_path / "plate.json").write_text(plate_of_squares(data).model_dump_json())
    (tmp_path / "limits.toml").write_text(
        'dialect = "grbl"\nmax_feed_mm_s = 25\nmax_spindle_rpm = 12000\n'
        "[envelope_mm]\nx = [-600, 0]\ny = [-400, 0]\nz = [-80, 0]\n"
    )
    (tmp_path / "router.toml").write_text(OWN.replace("12", "22") if blocked else OWN)
    order = MakeOrder(
        plate=tmp_path / "plate.json",
        parts=tmp_path,
        machine=MachineSpec(
            name="router",
            driver="grbl",
            process=Process.CUT2D,
            volume_mm=(600, 400, 80),
            materials=("plywood",),
            tool_mm=3,
        ),
        profile=tmp_path / "router.toml",
        limits=tmp_path / "limits.toml",
        folder=tmp_path,
        policy=EXAMPLE / "policy.toml",
    )
    if blocked:
        with pytest.raises(CutRefused, match="keep-out zone left_clamp"):
            make(order)
        assert not (tmp_path / "program.nc").exists()
        return
    made = make(order)
    assert made.program is not None
    text = (tmp_path / "program.nc").read_text()
    assert "G0 Z8" in text
    assert "G0 Z17" in text, "over the clamp on the way to the first piece"
