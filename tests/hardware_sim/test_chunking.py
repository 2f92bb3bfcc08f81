"""The same bytes at the same time give the same output, however the wire cuts them up."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from hardware_sim.firmware.config import Flavour, PrinterConfig, RouterConfig
from hardware_sim.firmware.grbl.machine import Grbl
from hardware_sim.firmware.marlin.machine import Marlin
from tests.hardware_sim.cores import booted_grbl, booted_marlin

MARLIN = st.lists(
    st.sampled_from(
        [
            b"G28\n", b"G1 X10 F6000\n", b"G1 X10.5 Y3 E1\n", b"M105\n", b"N5 G1 X3*9\n", b"N1 M105*37\n",
            b"; remark\n",
            b"\r\n", b"M112\n", b"  M108\n", b"M410\n", b"M109 S30\n", b"G4 P20\n", b"G2 X5 I2 J0\n", b"nonsense\n",
            b"M600\n", b"M0 Wait\n", b"M1 S2\n", b"M876 S0\n", b"N1 M876 S1*104\n", b"M486 S1\n", b"M486 P1\n",
            b"M500\n", b"M503\n", b"M119\n", b"M412\n", b"M154 S1\n", b"M84\n", b"M104 S200\n", b"M125\n",
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
            b"G38.2Z-9F900\n", b"G38.3Z-90F900\n", b"G43.1Z2\n", b"G49\n", b"$SLP\n", b"N7G1X-2F900\n", b"\xa0",
            b"$C\n", b"G2X-5I2F200\n", b"G1X-1000F100\n", b"$#\n", b"G1X" + b"1" * 90 + b"\n", b"M0\n", b"M30\n", b"G5",
        ]
    ),
    max_size=14,
).map(b"".join)  # fmt: skip

PRINTERS = st.sampled_from(
    [
        PrinterConfig(rx_bytes=40),
        PrinterConfig(rx_bytes=40, emergency_parser=False),
        PrinterConfig(
            host_actions=True, prompt_support=True, cancel_objects=True, runout_sensor=True, advanced_ok=True
        ),
    ]
)
ROUTERS = st.sampled_from(
    [
        RouterConfig(),
        RouterConfig(homing=False, laser=True, line_numbers=True, probe_z_mm=-4.0),
        RouterConfig(flavour=Flavour.GRBLHAL, door_switch=True),
        RouterConfig(flavour=Flavour.FLUIDNC),
    ]
)
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
@given(data=MARLIN, cuts=CUTS, config=PRINTERS)
def test_marlin(data: bytes, cuts: list[int], config: PrinterConfig) -> None:
    whole, cut, single = (booted_marlin(config=config) for _ in range(3))
    expected = _replies(whole, [data])
    assert _replies(cut, _chunks(data, cuts)) == expected
    assert _replies(single, [bytes([byte]) for byte in data]) == expected


@settings(deadline=None, max_examples=150)
@given(data=GRBL, cuts=CUTS, config=ROUTERS)
def test_grbl(data: bytes, cuts: list[int], config: RouterConfig) -> None:
    whole, cut, single = (booted_grbl(config=config) for _ in range(3))
    expected = _replies(whole, [data])
    assert _replies(cut, _chunks(data, cuts)) == expected
    assert _replies(single, [bytes([byte]) for byte in data]) == expected


@settings(deadline=None, max_examples=60)
@given(data=MARLIN, config=PRINTERS, times=st.lists(st.floats(1.0, 60.0), max_size=12))
def test_marlin_says_the_same_however_often_it_is_looked_at(
    data: bytes, config: PrinterConfig, times: list[float]
) -> None:
    seldom, often = booted_marlin(config=config), booted_marlin(config=config)
    out = often.receive(data, 1.0)
    for at in sorted(times):
        out += often.advance(at)
    assert out + often.advance(60.0) == seldom.receive(data, 1.0) + seldom.advance(60.0)
