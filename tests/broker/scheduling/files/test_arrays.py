"""Files of arrays from anywhere: read, or refused with what is wrong."""

import contextlib
import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broker.scheduling.errors import SchedulingError
from broker.scheduling.files.arrays import Arrays, read_arrays
from broker.scheduling.files.errors import WrongFile
from broker.scheduling.files.instances import is_network, network, unrelated_machines

FORTNIGHT: dict[str, Any] = {
    "attended_s": np.array([[[28800, 57600], [86400, 86400]]]),
    "operators": np.array([1]),
    "machine_shop": np.array([0]),
    "machine_class": np.array([0]),
    "unattended": np.array([True]),
    "setup_s": np.array([[0.0], [600.0]]),
    "clear_s": np.array(300),
    "overhead_s": np.array([600]),
    "family": np.array([0]),
    "quantity": np.array([4]),
    "weight": np.array([2]),
    "piece_s": np.array([[3600.0]]),
    "per_plate": np.array([[2]]),
    "release_s": np.array([0.0]),
    "due_s": np.array([86400.0]),
    "ship_s": np.array([[7200.0]]),
}


def saved(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


def test_arrays_come_back(tmp_path: Path) -> None:
    for write in (np.savez, np.savez_compressed):
        path = tmp_path / "arrays.npz"
        write(path, p=np.array([[1, 2]], dtype=np.uint8), s=np.zeros((2, 1, 1), dtype=np.int32))
        read = read_arrays(path)
        assert read["p"].tolist() == [[1, 2]]
        assert read["s"].shape == (2, 1, 1)


def member(header: bytes, data: bytes = b"") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("p.npy", header + data)
    return packed.getvalue()


def header(shape: str, kind: str = "<f8") -> bytes:
    text = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no .npz file"),
        (b"PK\x03\x04 and then nothing", "no .npz file"),
        (member(b"not an array"), "array 'p' can't be read"),
        (member(header("(1000000000000, 1000000)")), "which its"),
        (member(header("(2, 2)", "|O"), pickle.dumps([1, 2, 3, 4])), "it needs numbers"),
        (member(header("(2,)", "<U4"), b"\0" * 32), "it needs numbers"),
        (member(header("(2, 2)", "<c16"), b"\0" * 64), "it needs numbers"),
        (member(header("(2, 2)"), b"\0" * 31), "can't be read"),
    ],
)
def test_what_is_no_file_of_arrays(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "bad.npz"
    path.write_bytes(content)
    with pytest.raises(WrongFile, match=words):
        read_arrays(path)


def test_a_file_that_swells_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("broker.scheduling.files.arrays.MOST_BYTES", 10_000)
    path = tmp_path / "bomb.npz"
    np.savez_compressed(path, p=np.zeros((200, 200)))
    assert path.stat().st_size < 10_000
    with pytest.raises(WrongFile, match="are allowed"):
        read_arrays(path)


def good() -> bytes:
    packed = io.BytesIO()
    np.savez_compressed(packed, p=np.arange(12.0).reshape(3, 4), s=np.zeros((4, 3, 3)))
    return packed.getvalue()


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.lists(st.tuples(st.integers(0, len(good()) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_damaged_file_is_read_or_refused(tmp_path: Path, at: list[tuple[int, int]]) -> None:
    content = bytearray(good())
    for place, byte in at:
        content[place] = byte
    path = tmp_path / "damaged.npz"
    path.write_bytes(content)
    with contextlib.suppress(SchedulingError):
        unrelated_machines(read_arrays(path))


def test_a_network_s_arrays(tmp_path: Path) -> None:
    arrays = read_arrays(saved(tmp_path / "n.npz", **FORTNIGHT))
    assert is_network(arrays)
    problem = network(arrays)
    assert problem.workshops.shift_s.tolist() == [[28800, 57600]]
    assert problem.lots.quantity.tolist() == [4]


@pytest.mark.parametrize(
    ("name", "array", "words"),
    [
        ("due_s", None, "has no array 'due_s'"),
        ("per_plate", np.array([2]), "'per_plate' has 1 dimensions, needs 2"),
        ("family", np.array([0, 0]), r"'family' is of shape \(2,\), needs \(1,\)"),
        ("attended_s", np.zeros((1, 2, 3)), "'attended_s' is of shape"),
        ("attended_s", np.full((1, 2, 2), np.nan), "'attended_s' holds NaN"),
        ("quantity", np.array([1.5]), r"'quantity' \[0\] is 1.5; it needs whole numbers"),
        ("quantity", np.array([np.nan]), "needs whole numbers"),
        ("quantity", np.array([2**63], dtype=np.uint64), "needs whole numbers"),
        ("quantity", np.array([-1]), r"lots.quantity: \[0\] is -1"),
        ("piece_s", np.array([[np.nan]]), r"lots.piece_s: \[0, 0\] is nan"),
        ("weight", np.array([0]), "lots.weight"),
        ("release_s", np.array([1e300]), "lots.release_s"),
        ("machine_shop", np.array([1]), "machines.workshop"),
    ],
)
def test_a_network_s_arrays_that_are_wrong(name: str, array: Any, words: str) -> None:
    arrays: Arrays = {key: value for key, value in FORTNIGHT.items() if key != name}
    if array is not None:
        arrays[name] = array
    with pytest.raises(SchedulingError, match=words):
        network(arrays)


def test_machines_and_times() -> None:
    found = unrelated_machines({"p": np.array([[1, 2]], dtype=np.uint8)})
    assert (found.time.tolist(), found.setup) == ([[1.0, 2.0]], None)
    with pytest.raises(WrongFile, match="holds q; needs p"):
        unrelated_machines({"q": np.zeros(3)})
