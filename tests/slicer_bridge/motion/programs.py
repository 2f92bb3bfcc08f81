"""Programs for the estimate, made by rule: printed rings and cut outlines, with arcs, dwells and travel."""

from math import cos, pi, sin


def ring(layers: int = 6, radius: float = 18.0, chords: int = 90, *, feed: float = 3600.0) -> str:
    """A printer's: two circles of chords and a zigzag a layer, retractions, a dwell, and every other layer an arc."""
    lines = ["G28", "G90", "M83", "G1 Z0.2 F600", "G4 S2"]
    for layer in range(layers):
        lines.append(f"G1 Z{0.2 * (layer + 1):.2f} F600")
        for inset in (0.0, 0.45):
            r = radius - inset
            lines += [f"G1 X{100 + r:.3f} Y100 F9000", "G1 E0.8 F2400"]
            if layer % 2:
                lines += [
                    f"G1 F{feed:.0f}",
                    f"G2 X{100 - r:.3f} Y100 I{-r:.3f} J0 E1.2",
                    f"G2 X{100 + r:.3f} Y100 I{r:.3f} J0 E1.2",
                ]
            else:
                corners = [
                    (100 + r * cos(2 * pi * n / chords), 100 + r * sin(2 * pi * n / chords))
                    for n in range(1, chords + 1)
                ]
                lines += [f"G1 X{x:.3f} Y{y:.3f} E0.04 F{feed:.0f}" for x, y in corners]
            lines.append("G1 E-0.8 F2400")
        lines += [f"G1 X{90 + n % 2 * 20} Y{92 + n * 0.5:.2f} E0.5 F{2 * feed:.0f}" for n in range(30)]
    return "\n".join(lines) + "\n"


def outline(*, feed: float = 1500.0) -> str:
    """A router's: a plate with round corners in three passes, a helix, a pocket of short chords, dwells."""
    lines = ["G21 G90 G17 G94", "G0 Z5", "M3 S12000", "G4 P3", "G0 X-50 Y-40"]
    for depth in (1, 2, 3):
        lines += [f"G1 Z-{depth} F300", f"G1 X50 F{feed:.0f}", "G3 X60 Y-30 I0 J10", "G1 Y30", "G3 X50 Y40 I-10 J0"]
        lines += ["G1 X-50", "G3 X-60 Y30 R10", "G1 Y-30", "G3 X-50 Y-40 R10"]
    lines += [
        "G0 Z5",
        "G0 X10 Y0",
        "G1 Z0 F300",
        f"G2 X10 Y0 Z-2 I-10 J0 F{feed:.0f}",
        "G2 X10 Y0 I-10 J0",
        "G4 P0.5",
        "G0 Z5",
    ]
    lines += ["G0 X20 Y0", "G1 Z-1 F300"]
    lines += [f"G1 X{0.02 * n * cos(n / 6):.3f} Y{0.02 * n * sin(n / 6):.3f} F{feed:.0f}" for n in range(1000, 300, -1)]
    return "\n".join([*lines, "G0 Z5", "M5", "G0 X0 Y0", "M2"]) + "\n"
