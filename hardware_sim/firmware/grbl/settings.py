"""The `$` settings of a Grbl 1.1h router. Source: doc/markdown/settings.md; values of a 600 x 400 mm machine."""

from hardware_sim.firmware.config import RouterConfig

STATUS_MASK = 10
ARC_TOLERANCE = 12
SOFT_LIMITS = 20
HOMING = 22
PULL_OFF = 27
MAX_RPM = 30
LASER = 32
RATE = 110
ACCELERATION = 120
TRAVEL = 130

_WHOLE = frozenset({0, 1, 2, 3, 4, 5, 6, 10, 13, 20, 21, 22, 23, 26, 30, 31, 32})


def defaults(config: RouterConfig) -> dict[int, float]:
    travel_mm, on = config.travel_mm, float(config.homing)
    return {
        0: 10, 1: 25, 2: 0, 3: 0, 4: 0, 5: 0, 6: 0,
        STATUS_MASK: 1, 11: 0.010, ARC_TOLERANCE: 0.002, 13: 0,
        SOFT_LIMITS: on, 21: on, HOMING: on, 23: 0, 24: 100, 25: 2000, 26: 250, PULL_OFF: 1,
        MAX_RPM: 1000 if config.laser else 24000, 31: 0, LASER: float(config.laser),
        100: 250, 101: 250, 102: 250,
        RATE: 5000, RATE + 1: 5000, RATE + 2: 2000,
        ACCELERATION: 300, ACCELERATION + 1: 300, ACCELERATION + 2: 200,
        TRAVEL: travel_mm[0], TRAVEL + 1: travel_mm[1], TRAVEL + 2: travel_mm[2],
    }  # fmt: skip


def dump(values: dict[int, float]) -> bytes:
    lines = [f"${key}={value:.0f}" if key in _WHOLE else f"${key}={value:.3f}" for key, value in values.items()]
    return "".join(f"{line}\r\n" for line in lines).encode()
