"""How much memory and time the reading of a file may take, by its kind and size."""

from dataclasses import dataclass

_MB = 1_000_000
BASE_DATA_BYTES = 420 * _MB
"""Libraries alone hold up to 170 MB (STEP); with these a small file stays below 512 MB, whatever it holds."""
BASE_CPU_S = 4
"""For files of up to `FREE_MB`."""
FREE_MB = 3.0
WALL_PER_CPU = 10.0
"""Of several files read at once each gets its share of a core."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What each byte of a file adds: bytes of memory, and seconds of CPU time for a million of them."""

    data: float
    cpu_s_per_mb: float


RATES = {
    ".stl": Rate(data=12.0, cpu_s_per_mb=0.4),
    ".obj": Rate(data=20.0, cpu_s_per_mb=0.4),
    ".3mf": Rate(data=40.0, cpu_s_per_mb=3.0),
    ".step": Rate(data=40.0, cpu_s_per_mb=4.0),
    ".stp": Rate(data=40.0, cpu_s_per_mb=4.0),
    ".dxf": Rate(data=30.0, cpu_s_per_mb=1.0),
    ".svg": Rate(data=20.0, cpu_s_per_mb=1.0),
}
"""Twice to five times what honest files took: meshes of curved parts, assemblies, drawings of many entities."""
_OTHER = Rate(data=0.0, cpu_s_per_mb=0.0)


@dataclass(frozen=True, slots=True)
class Allowance:
    data_bytes: int
    cpu_s: int
    wall_s: float


def allowance(suffix: str, size_bytes: int) -> Allowance:
    """For a file of this ending (as `.stl`) and size."""
    rate = RATES.get(suffix.lower(), _OTHER)
    cpu_s = BASE_CPU_S + int(rate.cpu_s_per_mb * max(size_bytes / _MB - FREE_MB, 0.0))
    return Allowance(BASE_DATA_BYTES + int(rate.data * size_bytes), cpu_s, WALL_PER_CPU * cpu_s)
