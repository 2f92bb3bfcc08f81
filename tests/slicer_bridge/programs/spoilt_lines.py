"""Programs for comparing two judges: lines as slicers and people write them, spoilt here and there."""

from collections.abc import Sequence

import numpy as np

PRINTER = (
    b"G1 X{x} Y{y} E{e}", b"G1 X{x} Y{y} E{e}", b"G1 X{x} Y{y} E{e} F{f}", b"G1 X{x} Y{y}", b"G1 F{f}", b"G1 Z{z}",
    b"G0 X{x} Y{y} Z{z} F{f}", b"G1 E-{e} F1800", b"G1 E{e} F1800", b"G1 Y{y}", b"G1 X{x}", b"G1 E{b}",
    b"G1 X{x} E{b} F60",
    b"G2 X{x} Y{y} I{i} J{j} E{e}", b"G3 X{x} Y{y} I{i} J{j}", b"G2 X{x} Y{y} R{r}", b"G3 X{x} Y{y} Z{z} R{r} F{f}",
    b"G2 I{i} J{j}", b"G1 X{x} Y{y} E{e} ; infill", b";TYPE:Perimeter", b"; caf\xc3\xa9 {x}", b"", b"  ", b"G92 E0",
    b"G92 E{e}", b"M73 P{p} R{p}", b"M106 S{f}", b"M106 S{p}", b"M107", b"M204 S{f}", b"M204 P800 T{f}", b"G4 P{p}",
    b"M83", b"M82", b"G90", b"G91", b"G21", b"M104 S200", b"M109 S{p}", b"M109 S200", b"G28", b"T0", b"M221 S{p}",
    b"G10", b"G11", b"G1  X{x}  Y{y}", b"G1 Y{y} X{x} F{f}", b"G1X{x}Y{y}", b"G01 X{x}", b"g1 x{x}", b"G1 X+{x}",
    b"G1 X {x}",
    b"G1 X{x} X{y}", b"G1 X{x}E{e}", b"G1 X{x}0000000000000001", b"\tG1 X{x}", b"G1 X{x}\r", b"N1 G1 X{x}", b"M84",
    b"EXCLUDE_OBJECT_START NAME=a", b"EXCLUDE_OBJECT_END NAME=a", b"SET_VELOCITY_LIMIT ACCEL={f}", b"M205 X{p}",
    b"G1 X{x} Y{y} E", b"G1 X1e9", b"G1 Xnan", b"M486 S1", b"; x" * 30, b"G1 X{x}" + b" " * 80, b"G1 X1" + b"0" * 80,
)  # fmt: skip
ROUTER = (
    b"G1X{x}Y{y}", b"X{x} Y{y}", b"X{x}", b"G0 X{x} Y{y}", b"G1 X{x} Y{y} F{f}", b"G0Z5", b"G1Z-{z}F{p}", b"F{f}",
    b"G1",
    b"G2X{x}Y{y}I{i}J{j}", b"G3 X{x} Y{y} I{i} J{j} F{f}", b"G2 X{x} Y{y} R{r}", b"G3 X{x} Y{y} Z-{z} R{r}", b"G0",
    b"X{x} I{i} J{j}", b"G2 I{i} J{j}", b"G2", b"; comment", b"(comment)", b"G1 X{x} (there)", b"G1 X{x} ; there", b"",
    b"G90", b"G91", b"G21", b"G20", b"G21G90", b"M3 S1000", b"M5", b"G4 P0.5", b"g1 x{x}", b"G01X{x}", b"G1 X +{x}",
    b"X{x} X{y}", b"G1 X{x} S500", b"G1 G0 X{x}", b"G53 G0 Z0",
    b"G80", b"M8", b"M9", b"G54", b"G1 X{x}!", b"\xa0",
    b"G1 X{x}\t", b"G1 X{x}\r", b"N3 G1 X{x}", b"M2", b"G+1 X{x}", b"G1.0 X{x}", b"G1 Z{z}", b"G28", b"G1 X",
    b"F{f} X{x} G1",
)  # fmt: skip
_NUMBERS = {
    b"x": (-5, 215),
    b"y": (-5, 215),
    b"z": (0, 12),
    b"e": (0, 0.8),
    b"b": (0, 9),
    b"f": (10, 16000),
    b"p": (0, 260),
}
_ARCS = {b"i": (-20, 20), b"j": (-20, 20), b"r": (-60, 60)}


def program(rng: np.random.Generator, lines: Sequence[bytes], count: int, *, spoilt: float = 0.02) -> bytes:
    """Made of `lines` with numbers put in; `spoilt` of them have one byte too many, too few or another."""
    made = []
    for _ in range(count):
        line = lines[int(len(lines) * rng.random() ** 2)]
        for name, (low, high) in (*_NUMBERS.items(), *_ARCS.items()):
            number = rng.uniform(low, high) if rng.random() < 0.9 else round(rng.uniform(low, high))
            line = line.replace(b"{" + name + b"}", f"{number:.{rng.integers(0, 6)}f}".encode())
        if line and rng.random() < spoilt:
            at = int(rng.integers(0, len(line)))
            middle = (b"", line[at : at + 1] * 2, bytes([int(rng.integers(0, 256))]))[int(rng.integers(0, 3))]
            line = line[:at] + middle + line[at + 1 :]
        made.append(line)
    return b"\n".join(made) + (b"\n" if rng.random() < 0.9 else b"")
