from pathlib import Path

import pytest

from broker.client.errors import BadInput
from broker.client.wishes import Wish, read_wishes


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("a.stl", "b.dxf", "odd:7.stl"):
        Path(name).write_bytes(b"x")
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_options_count_for_all_or_once_a_file_and_colons_win() -> None:
    assert read_wishes(["a.stl", "b.dxf:3:Plywood 4 mm"], ["5"], ["PLA"], []) == [
        Wish(Path("a.stl"), 5, "PLA", None),
        Wish(Path("b.dxf"), 3, "Plywood 4 mm", None),
    ]
    assert read_wishes(["a.stl", "b.dxf"], ["1", "-2"], [], ["mm", "inch"]) == [
        Wish(Path("a.stl"), 1, None, "mm"),
        Wish(Path("b.dxf"), -2, None, "inch"),
    ]
    assert read_wishes(["odd:7.stl:4"], [], [], []) == [Wish(Path("odd:7.stl"), 4, None, None)]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("files", "quantities", "words"),
    [
        ([], ["1"], "no file"),
        (["none.stl:2"], [], r"none\.stl"),
        (["a.stl"], [], "how many"),
        (["a.stl"], ["two"], "no quantity"),
        (["a.stl"], ["9" * 30], "no quantity"),
        (["a.stl", "b.dxf"], ["1", "2", "3"], "3 times for 2 files"),
        (["."], ["1"], "no file"),
    ],
)
def test_what_is_wrong_is_said(files: list[str], quantities: list[str], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        read_wishes(files, quantities, [], [])
