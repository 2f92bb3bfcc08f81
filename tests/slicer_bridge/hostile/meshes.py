"""Hostile STL and OBJ."""

import struct
from collections.abc import Callable

import numpy as np

from tests.slicer_bridge.hostile.case import Case, text
from tests.slicer_bridge.shapes import ascii_stl, box, stl_bytes

_BOX = box((30, 20, 10))
_MB = 1_000_000


def _with(value: float, *, facet: int = 3) -> Callable[[], bytes]:
    def make() -> bytes:
        facets = _BOX.copy()
        facets[facet, 1, 2] = value
        return stl_bytes(facets)

    return make


def _raw(count: int, body: bytes, header: bytes = b"") -> bytes:
    return header.ljust(80, b"\0") + struct.pack("<I", count) + body


def _soup() -> bytes:
    """100,000 triangles anywhere: each its own open body, all through one another."""
    corners = np.random.default_rng(7).uniform(0, 100, (100_000, 3, 3))
    record = np.zeros(len(corners), np.dtype([("n", "<f4", 3), ("v", "<f4", (3, 3)), ("a", "<u2")]))
    record["v"] = corners
    return _raw(len(corners), record.tobytes())


def _needles() -> bytes:
    """20,000 facets that share one edge."""
    facets = np.zeros((20_000, 3, 3))
    facets[:, 1, 0] = 50.0
    turns = np.linspace(0, 2 * np.pi, len(facets))
    facets[:, 2] = np.column_stack([np.zeros(len(turns)), 30 * np.cos(turns), 30 * np.sin(turns)])
    return stl_bytes(facets)


def _points() -> bytes:
    return _raw(1_000_000, bytes(50 * _MB))


STL = (
    Case("empty.stl", lambda: b"", "empty"),
    Case("one-byte.stl", lambda: b"s", "no STL"),
    Case("garbage.stl", lambda: bytes(range(256)) * 40, "promises"),
    Case("lying-count.stl", lambda: stl_bytes(_BOX, count=4_000_000_000), "4,000,000,000"),
    Case("count-too-low.stl", lambda: stl_bytes(_BOX, count=2), "promises 2"),
    Case("truncated.stl", lambda: stl_bytes(_BOX)[:-70], "cut off"),
    Case("no-facets.stl", lambda: stl_bytes(_BOX[:0]), "no facets"),
    Case("nan.stl", _with(float("nan")), "facet 4"),
    Case("infinite.stl", _with(float("inf")), "no number"),
    Case("out-of-this-world.stl", _with(3e38), "km|m long"),
    Case("denormal.stl", lambda: stl_bytes(_BOX * 1e-42), "--unit"),
    Case("all-points.stl", _points, "--unit"),
    Case("flat.stl", lambda: stl_bytes(_BOX * [1, 1, 0]), ""),
    Case("random-soup.stl", _soup, ""),
    Case("one-edge-for-all.stl", _needles, ""),
    Case("micrometres.stl", lambda: stl_bytes(_BOX * 1e6), "--unit"),
    Case("ascii-truncated.stl", lambda: ascii_stl(_BOX).encode()[:-300], "cut off"),
    Case("ascii-words.stl", lambda: ascii_stl(_BOX).replace("vertex 30", "vertex three").encode(), "no number"),
    Case("ascii-nan.stl", lambda: ascii_stl(_BOX).replace("vertex 30", "vertex nan").encode(), "no number"),
    Case("ascii-giant-number.stl", lambda: ascii_stl(_BOX).replace("vertex 30", "vertex 1e999").encode(), "no number"),
    Case(
        "ascii-long-number.stl", lambda: ascii_stl(_BOX).replace("30", "3" * _MB, 1).encode(), "no number|no STL|long"
    ),
    Case("ascii-empty.stl", lambda: b"solid nothing\nendsolid nothing\n", "no facets"),
    Case("ascii-missing-vertex.stl", lambda: ascii_stl(_BOX).replace("vertex 0 0 0\n", "", 1).encode(), "vertices"),
    Case("ascii-utf16.stl", lambda: ascii_stl(_BOX).encode("utf-16"), "UTF-16"),
    Case("ascii-nul-bytes.stl", lambda: ascii_stl(_BOX).encode().replace(b" ", b"\0"), "STL|vertices"),
    Case("prose.stl", lambda: b"solid advice: never trust a header " * 20, "neither ASCII nor"),
    Case("one-line.stl", lambda: b"solid " + b"x" * (99 * _MB), "neither ASCII nor|larger than"),
    Case("facet-words.stl", lambda: b"solid x\n" + b"endfacet " * (10 * _MB) + b"endsolid", "facets|computing|memory"),
    Case("vertex-words.stl", lambda: b"solid x\n" + b"vertex\n" * (4 * _MB) + b"endfacet\nendsolid", "vertices"),
    Case("solid-binary-truncated.stl", lambda: b"solid" + stl_bytes(_BOX)[5:-10], "neither ASCII nor"),
)

OBJ = (
    text("", "empty|no faces", "empty.obj"),
    text("v 1 2 3\n" * 10, "no faces", "only-vertices.obj"),
    text("v 0 0 0\nv 9 0 0\nv 0 9 0\nf 1 2 99999999999999999999\n", "without its vertex", "giant-index.obj"),
    text("v 0 0 0\nv 9 0 0\nv 0 9 0\nf 1 2 4\n", "without its vertex", "index-beyond.obj"),
    text("v 0 0 0\nv 9 0 0\nv 0 9 0\nf -1 -2 -99\n", "without its vertex", "index-before.obj"),
    text("v 0 0 0\nv 9 0 0\nv 0 9 0\nf 0 1 2\n", "from 1", "index-zero.obj"),
    text("v 0 0 0\nv 9 nan 0\nv 0 9 0\nf 1 2 3\n", "no number", "nan.obj"),
    text("v 0 0 0\nv 9 1e999 0\nv 0 9 0\nf 1 2 3\n", "no number", "giant-number.obj"),
    text(lambda: "v 0 0 0\nv 9 0 0\nv 0 9 0\n" + "f 1 2 3 " * 3_000_000, "a line of", "one-line.obj"),
    text("v 0 0 0\nv 9 0 0\nv 0 9 0\nf" + " 1 2 3" * 9_000 + "\n", "corners", "polygon-of-27000.obj"),
    text("v 0 0 0\nv 9 0 0\nv 0 9 0\n" + "f 1 2 3\n" * 1_000_000, "", "same-facet-again.obj"),
    text("mtllib /etc/passwd\nmtllib http://127.0.0.1:9/x\n", "no faces", "foreign-materials.obj"),
    Case("utf16.obj", lambda: "v 0 0 0\nv 9 0 0\n".encode("utf-16"), "UTF-16"),
    Case("nul-bytes.obj", lambda: b"v 0 0 0\0" * 100_000, "line 1|no OBJ|a line of"),
)
