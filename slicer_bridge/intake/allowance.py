"""How much memory and time the reading of a file may take, by its kind and size."""

from dataclasses import dataclass

_MB = 1_000_000
BASE_DATA_BYTES = 400 * _MB
"""Libraries alone hold up to 170 MB (STEP); with these a small file stays below 512 MB, whatever it holds."""
BASE_CPU_S = 4
FREE_BYTES = 3 * _MB
"""Smaller files get no more than the base."""
WALL_PER_CPU = 10.0
"""Of several files read at once each gets its share of a core."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What each byte of a file adds: bytes of memory, and seconds of CPU time for a million of them."""

    data: float
    cpu_s_per_mb: float


RATES = {
    ".stl": Rate(data=6.0, cpu_s_per_mb=0.1),
    ".obj": Rate(data=6.0, cpu_s_per_mb=0.1),
    ".3mf": Rate(data=40.0, cpu_s_per_mb=3.0),
    ".step": Rate(data=40.0, cpu_s_per_mb=4.0),
    ".stp": Rate(data=40.0, cpu_s_per_mb=4.0),
    ".dxf": Rate(data=30.0, cpu_s_per_mb=2.0),
    ".svg": Rate(data=20.0, cpu_s_per_mb=1.0),
}
"""Two to four times what honest files took: fine meshes of curved parts, assemblies, drawings of many entities."""
_OTHER = Rate(data=0.0, cpu_s_per_mb=0.0)
_FEATURES_DATA_BYTES = 500 * _MB
_FEATURES_CPU_S = 20
"""Of them five to compile the loops, where nobody has done so before."""
_FEATURES = 3.0
"""Times what measuring without features is allowed for each byte."""


@dataclass(frozen=True, slots=True)
class Allowance:
    data_bytes: int
    cpu_s: int
    wall_s: float


def allowance(suffix: str, size_bytes: int, *, features: bool = False) -> Allowance:
    """For a file of this ending (as `.stl`) and size; `features` are measured too, or not."""
    rate = RATES.get(suffix.lower(), _OTHER)
    extra_bytes = max(size_bytes - FREE_BYTES, 0)
    cpu_s = BASE_CPU_S + int(rate.cpu_s_per_mb * extra_bytes / _MB)
    data_bytes = BASE_DATA_BYTES + int(rate.data * extra_bytes)
    if features:
        cpu_s += _FEATURES_CPU_S + int((_FEATURES - 1) * rate.cpu_s_per_mb * size_bytes / _MB)
        data_bytes += _FEATURES_DATA_BYTES + int((_FEATURES - 1) * rate.data * size_bytes)
    return Allowance(data_bytes, cpu_s, WALL_PER_CPU * cpu_s)
