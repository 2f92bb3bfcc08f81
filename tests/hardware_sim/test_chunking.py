"""The same bytes at the same time give the same output, however the wire cuts them up."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from hardware_sim.firmware.config import PrinterConfig
from hardware_sim.firmware.grbl.machine import Grbl
from hardware_sim.firmware.marlin.machine import Marlin
from tests.hardware_sim.cores import booted_grbl, booted_marlin

MARLIN = st.lists(
    st.sampled_from(
        [
            b"G28\n", b"G1 X10 F6000\n", b"G1 X10.5 Y3 E1\n", b"M105\n", b"N5 G1 X3*9\n", b"N1 M105*37\n",
            b"; remark\n",
            b"\r\n", b"M112\n", b"  M108\n", b"M410\n", b"M109 S30\n", b"G4 P20\n", b"G2 X5 I2 J0\n", b"nonsense\n",
            b"M115\n", b"G1 X" + b"9" * 200 + b"\n", b"M114", b"\xff\x00\n", b"M155 S1\n", b"G1Z5X\n", b"M140 S40\n",
        ]
    ),
    max_size=14,
).map(b"".join)  # fmt: skip

GRBL = st.lists(
    st.sampled_from(
        [
            b"$H\n", b"$X\n", b"?", b"!", b"~", b"\x18", b"\x84", b"\x85", b"\x9e", b"\x91", b"G1X-10F600\n",
            b"G0Z-5\n",
            b"M3S1000\n", b"M5\n", b"G4P0.01\n", b"G10L20P1X0\n", b"$J=G91X-3F900\n", b"\r\n", b"(remark)\n", b"$$\n",
            b"$C\n", b"G2X-5I2F200\n", b"G1X-1000F100\n", b"$#\n", b"G1X" + b"1" * 90 + b"\n", b"M0\n", b"M30\n", b"G5",
        ]
    ),
    max_size=14,
).map(b"".join)  # fmt: skip

CUTS = st.lists(st.integers(0, 400), max_size=8)


def _replies(machine: Marlin | Grbl, chunks: list[bytes]) -> bytes:
    out = b""
    for chunk in chunks:
        out += machine.receive(chunk, 1.0)
    for at in (1.05, 1.5, 4.0, 60.0):
        out += machine.advance(at)
    return out


def _chunks(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    return [data[begin:end] for begin, end in pairwise(edges)]


@settings(deadline=None, max_examples=150)
@given(data=MARLIN, cuts=CUTS)
def test_marlin(data: bytes, cuts: list[int]) -> None:
    config = PrinterConfig(rx_bytes=40)
    whole, cut, single = (booted_marlin(config=config) for _ in range(3))
    expected = _replies(whole, [data])
    assert _replies(cut, _chunks(data, cuts)) == expected
    assert _replies(single, [bytes([byte]) for byte in data]) == expected


@settings(deadline=None, max_examples=150)
@given(data=GRBL, cuts=CUTS)
def test_grbl(data: bytes, cuts: list[int]) -> None:
    whole, cut, single = (booted_grbl() for _ in range(3))
    expected = _replies(whole, [data])
    assert _replies(cut, _chunks(data, cuts)) == expected
    assert _replies(single, [bytes([byte]) for byte in data]) == expected


@settings(deadline=None, max_examples=60)
@given(data=MARLIN, times=st.lists(st.floats(1.0, 60.0), max_size=12))
def test_marlin_says_the_same_however_often_it_is_looked_at(data: bytes, times: list[float]) -> None:
    seldom, often = booted_marlin(), booted_marlin()
    out = often.receive(data, 1.0)
    for at in sorted(times):
        out += often.advance(at)
    assert out + often.advance(60.0) == seldom.receive(data, 1.0) + seldom.advance(60.0)
