"""Programs of tiny moves, for hosts that are to show what a line costs them."""

MOVES = 20_000


def printer(moves: int = MOVES) -> list[str]:
    """Marlin: homed and warm, then moves of a tenth of a millimetre."""
    body = [f"G1 X{100 + n % 100 * 0.1:.3f} Y{100 + n % 37 * 0.1:.3f} E{n * 0.001:.5f}" for n in range(1, moves + 1)]
    return ["G28", "M109 S200", "G92 E0", "G1 Z0.2 F1200", *body, "M104 S0"]


def router(moves: int = MOVES) -> list[str]:
    """GRBL: as many moves of a tenth of a millimetre."""
    body = [f"G1X{n % 100 * 0.1:.3f}Y{n % 37 * 0.1:.3f}" for n in range(1, moves + 1)]
    return ["G21G90", "G0Z1.000", "G1F1200", *body]
