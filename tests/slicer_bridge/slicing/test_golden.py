from pathlib import Path

import pytest

from slicer_bridge.slicing.slice import Engine
from tests.slicer_bridge.slicing.golden import CASES, FILE, RECORDS, golden, slice_golden
from tests.slicer_bridge.slicing.plates import MISSING

EXACT = 0.005
LOOSE = 0.25


@pytest.mark.parametrize(("plate", "engine"), CASES)
def test_slices_are_as_they_were_recorded(tmp_path: Path, plate: str, engine: Engine) -> None:
    if missing := MISSING[engine]:
        pytest.skip(missing)
    result = slice_golden(plate, engine, tmp_path)
    now = golden(result)
    recorded = RECORDS.validate_json(FILE.read_bytes())[plate]
    name = now.made_by.rpartition(" ")[0]
    same = [one for one in recorded if one.made_by == now.made_by]
    (then,) = same or [one for one in recorded if one.made_by.startswith(name)][-1:]
    near = EXACT if same else LOOSE
    assert now.estimate_s == pytest.approx(then.estimate_s, rel=near)
    assert now.filament_mm == pytest.approx(then.filament_mm, rel=near)
    assert now.low_mm == pytest.approx(then.low_mm, abs=0.01 if same else 1.0)
    assert now.high_mm == pytest.approx(then.high_mm, abs=0.01 if same else 1.0)
    if not same:
        pytest.skip(f"{now.made_by} was compared loosely: {then.made_by} is what is recorded")
    assert now.layers == then.layers
    if engine is Engine.PRUSA:
        assert slice_golden(plate, engine, tmp_path).sha256 == result.sha256
