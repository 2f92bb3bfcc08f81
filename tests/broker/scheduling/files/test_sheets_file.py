"""Files of sheets and offcuts: from their words to an answer in words."""

import json
from pathlib import Path
from typing import Any

import pytest
import shapely

from broker.scheduling.__main__ import main
from broker.scheduling.files.sheets_file import SheetsAnswer, SheetsFile, sheets_answer
from broker.scheduling.sheets.check import check
from broker.scheduling.sheets.solve import solve
from broker.scheduling.stopping import AfterIterations

ANGLE = [[100, 50], [400, 50], [400, 150], [200, 150], [200, 350], [100, 350]]
FILE: dict[str, Any] = {
    "sheets": [{"id": "whole", "size": [1200, 800], "count": 5, "grain": "x", "price": 5000}],
    "offcuts": [{"id": "rest", "size": [500, 400], "grain": "y"}, {"id": "odd", "polygon": ANGLE}],
    "kerf": 6,
    "spacing": 2,
    "margin": 5,
    "least_offcut": [250, 200],
    "parts": [
        {"id": "panel", "size": [580, 380], "quantity": 4, "grain": True},
        {"id": "shelf", "size": [380, 180], "quantity": 1},
    ],
}


def packed(file: dict[str, Any], rounds: int = 20) -> SheetsAnswer:
    read = SheetsFile.model_validate(file)
    problem = read.problem()
    result = solve(problem, AfterIterations(rounds), 1)
    check(problem, result)
    return sheets_answer(read, result)


def test_an_offcut_saves_a_whole_sheet() -> None:
    answer = packed(FILE)
    assert sorted((sheet.id, sheet.copies) for sheet in answer.sheets) == [("rest", 1), ("whole", 1)]
    assert answer.left_out == []
    without = packed({**FILE, "offcuts": []})
    assert sum(sheet.copies for sheet in without.sheets) == 2
    assert answer.bound <= answer.cost < without.cost


def test_pieces_lie_apart_along_the_grain_and_off_what_is_kept() -> None:
    parts = [{"id": "panel", "size": [580, 300], "quantity": 3, "grain": True}]
    (sheet,) = packed({**FILE, "offcuts": [], "parts": parts}).sheets
    pieces = []
    for row in sheet.parts:
        assert row.angle_deg % 180 == 0
        turned = shapely.affinity.rotate(shapely.box(0, 0, 580, 300), row.angle_deg, origin=(0, 0))
        pieces.append(shapely.affinity.translate(turned, row.x, row.y))
    assert len(pieces) == 3
    assert all(shapely.box(4.999, 4.999, 1195.001, 795.001).covers(piece) for piece in pieces)
    assert all(one.distance(other) >= 8 - 1e-4 for k, one in enumerate(pieces) for other in pieces[:k])
    assert sheet.offcuts
    for kept in sheet.offcuts:
        assert min(kept.size) >= 200
        assert max(kept.size) >= 250
        box = shapely.box(kept.x, kept.y, kept.x + kept.size[0], kept.y + kept.size[1])
        assert all(box.distance(piece) >= 6 - 1e-4 for piece in pieces)


def test_what_was_kept_is_the_next_one_s_stock() -> None:
    parts = [{"id": "panel", "size": [580, 380], "quantity": 1, "grain": True}]
    (sheet,) = packed({**FILE, "offcuts": [], "parts": parts}).sheets
    offcuts = [{"id": f"kept {k}", "size": kept.size, "grain": "x"} for k, kept in enumerate(sheet.offcuts)]
    assert [one.id for one in packed({**FILE, "offcuts": offcuts, "parts": parts}).sheets] == ["kept 0"]


def test_what_fits_no_sheet_says_why() -> None:
    parts = [{"id": "beam", "size": [3000, 10]}, {"id": "steel", "size": [10, 10], "material": "steel"}]
    left = packed({**FILE, "parts": parts}).left_out
    assert [one.id for one in left] == ["beam", "steel"]
    assert "the largest leaves 1190 × 790 mm" in left[0].reason
    assert left[1].reason == "no sheet of its material is in stock"


def test_without_prices_area_counts() -> None:
    sizes = [{"id": "large", "size": [2000, 1000], "count": 2}, {"id": "small", "size": [700, 500], "count": 2}]
    answer = packed({**FILE, "sheets": sizes, "offcuts": [], "parts": [{"id": "panel", "size": [600, 400]}]})
    assert [sheet.id for sheet in answer.sheets] == ["small"]
    assert answer.cost <= 700 * 500


def test_the_command_accounts_for_every_piece(tmp_path: Path) -> None:
    (tmp_path / "sheets.json").write_text(json.dumps(FILE))
    out = tmp_path / "out.json"
    assert main(["pack", str(tmp_path / "sheets.json"), "--seconds", "0.5", "--json", str(out)]) == 0
    answer = json.loads(out.read_text())
    made = sum(len(sheet["parts"]) * sheet["copies"] for sheet in answer["sheets"])
    assert made + sum(left["quantity"] for left in answer["left_out"]) == 5


def test_the_document_s_own_file_is_read() -> None:
    document = (Path(__file__).parents[4] / "docs" / "scheduling.md").read_text(encoding="utf-8")
    shown = [text.partition("```")[0] for text in document.split("```json")[1:]]
    (file,) = (SheetsFile.model_validate_json(text) for text in shown if '"sheets"' in text)
    assert file.problem().cutting.spacing_mm == 8


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kerf": -1}, "kerf"),
        ({"plate": [3, 3]}, "Extra inputs"),
        ({"parts": [{"id": "p"}]}, "part 'p': give a polygon or a size"),
        ({"parts": [{"id": "p", "size": [1, 1], "quantity": 100_001}]}, "over 100000 pieces"),
        ({"offcuts": [{"id": "o", "polygon": [[0, 0], [9, 9], [9, 0], [0, 9]]}]}, "sheet 'o'"),
        (
            {"sheets": [{"id": "a", "size": [9, 9]}, {"id": "b", "size": [9, 9], "price": 3}]},
            "some sheets have a price",
        ),
    ],
)
def test_a_bad_file_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, Any], words: str
) -> None:
    (tmp_path / "bad.json").write_text(json.dumps({**FILE, **change}))
    assert main(["pack", str(tmp_path / "bad.json")]) == 2
    assert words in capsys.readouterr().err
