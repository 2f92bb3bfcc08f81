"""Programs of tiny moves, for hosts that are to show what a line costs them."""

from math import cos, pi, sin

MOVES = 20_000


def printer(moves: int = MOVES) -> list[str]:
    """Marlin: homed and warm, then moves of a tenth of a millimetre."""
    body = [f"G1 X{100 + n % 100 * 0.1:.3f} Y{100 + n % 37 * 0.1:.3f} E{n * 0.001:.5f}" for n in range(1, moves + 1)]
    return ["G28", "M109 S200", "M82", "G92 E0", "G1 X10 Y10 Z0.2 F1200", *body, "M104 S0"]


def router(moves: int = MOVES) -> list[str]:
    """GRBL: as many moves of a tenth of a millimetre."""
    body = [f"G1X{n % 100 * 0.1:.3f}Y{n % 37 * 0.1:.3f}" for n in range(1, moves + 1)]
    return ["G21G90", "G0Z1.000", "G1F1200", *body]


def long_print(lines: int = 650_000) -> bytes:
    """As PrusaSlicer writes them: a body of 650,000 lines has 18 MB. Layers of rings and infill, travel between."""
    out = ["M140 S60", "M104 S210", "G28", "M190 S60", "M109 S210", "G21", "G90", "M83"]
    layer = 0
    while len(out) < lines:
        layer += 1
        z = 0.2 + layer % 900 * 0.2
        out += [";LAYER_CHANGE", f";Z:{z:.2f}", ";HEIGHT:0.2", "G92 E0", f"G1 Z{z:.3f} F720", f"M73 P{layer % 100} R9"]
        for island in range(6):
            out += _island(30.0 + island % 3 * 70.0, 40.0 + island // 3 * 90.0, 9.0 + (layer + island) % 7)
        out += ["M106 S127.5", "M204 P800"]
    end = ["M104 S0", "M140 S0", "M107", "M84"]
    return ("\n".join([*out[: lines - len(end)], *end]) + "\n").encode()


def _island(x: float, y: float, radius: float) -> list[str]:
    """Two rings of unequal chords, then a zigzag."""
    out = [
        "G1 E-.8 F2100",
        f"G1 X{x + radius:.3f} Y{y:.3f} F7800",
        "G1 E.8 F1500",
        ";TYPE:Perimeter",
        ";WIDTH:0.449999",
    ]
    for ring in (radius, radius - 0.45):
        out.append(f"G1 X{x + ring:.3f} Y{y:.3f} F1800")
        for n in range(1, 101):
            angle = 2 * pi * (n + 0.3 * sin(n)) / 100
            out.append(f"G1 X{x + ring * cos(angle):.3f} Y{y + ring * sin(angle):.3f} E.{1800 + n % 90:05d}")
    out += [";TYPE:Solid infill", "M204 P1250", "G1 F3000"]
    span = 0.7 * radius
    out += [f"G1 X{x - span + n % 2 * 2 * span:.3f} Y{y - span + n * 0.03:.3f} E.{40000 + n:05d}" for n in range(60)]
    return out
