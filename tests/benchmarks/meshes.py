"""Facts of meshes: a made one of 1.3 million triangles, and real parts where they are, beside trimesh.

Run `python -m tests.benchmarks.meshes --json out.json`. Ours is everything from the file to the facts, the child's
start and the normalised file included; trimesh's is its load with welding, volume, area and watertightness, without
its start. Each is the quickest of several runs.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slicer_bridge.facts import MeshFacts
from slicer_bridge.intake.measure import measure_file
from tests.benchmarks.rows import Row, show, write

SIDE = 810
"""Rings, and facets round each: 1,310,580 triangles."""
RUNS = 5
_PARTS = Path(__file__).parents[3] / "shared" / "data" / "models" / "stl"
_SAME = "<= 0.000001"
_PEER = """
import json, resource, sys, time
import trimesh
began, used = time.perf_counter(), time.process_time()
mesh = trimesh.load_mesh(sys.argv[1])
facts = {"volume": float(mesh.volume), "area": float(mesh.area), "watertight": bool(mesh.is_watertight)}
facts |= {"wall_s": time.perf_counter() - began, "cpu_s": time.process_time() - used}
facts |= {"rss_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}
print(json.dumps(facts))
"""


@dataclass(frozen=True, slots=True)
class Ours:
    mesh: MeshFacts
    wall_s: float
    cpu_s: float
    """Of the child."""


@dataclass(frozen=True, slots=True)
class Theirs:
    volume: float
    area: float
    watertight: bool
    wall_s: float
    cpu_s: float
    rss_kb: int


def write_blob(path: Path, side: int = SIDE) -> int:
    """A sphere of about 100 mm with waves on it, closed, as binary STL; returns how many triangles it has."""
    rings, sectors = np.linspace(0, np.pi, side + 1)[1:-1], np.linspace(0, 2 * np.pi, side, endpoint=False)
    theta, phi = np.meshgrid(rings, sectors, indexing="ij")
    radius = 50 * (1 + 0.08 * np.sin(5 * theta) * np.cos(7 * phi))
    radius += 1.5 * np.sin(23 * theta) * np.sin(19 * phi) * np.sin(theta)
    across = radius * np.sin(theta)
    points = np.stack([across * np.cos(phi), across * np.sin(phi), radius * np.cos(theta)], axis=-1).reshape(-1, 3)
    north, south = len(points), len(points) + 1
    points = np.vstack([points, [[0, 0, 50], [0, 0, -50]]])
    here = np.arange(north).reshape(-1, side)
    beside = np.roll(here, -1, axis=1)
    a, b, c, d = here[:-1], beside[:-1], here[1:], beside[1:]
    faces = [np.stack(corners, axis=-1).reshape(-1, 3) for corners in ((a, c, d), (a, d, b))]
    faces.append(np.stack([np.full(side, north), here[0], beside[0]], axis=-1))
    faces.append(np.stack([np.full(side, south), beside[-1], here[-1]], axis=-1))
    every = np.concatenate(faces)
    records = np.zeros(len(every), dtype=[("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
    records["corners"] = points[every]
    path.write_bytes(b"\0" * 80 + len(every).to_bytes(4, "little") + records.tobytes())
    return len(every)


def _children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _ours(path: Path, runs: int) -> Ours:
    found: list[Ours] = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory(prefix="llagar-bench-") as folder:
            began, used = time.perf_counter(), _children_cpu_s()
            facts = measure_file(path, Path(folder), unit="mm")
            wall_s, cpu_s = time.perf_counter() - began, _children_cpu_s() - used
        assert facts.mesh is not None
        found.append(Ours(facts.mesh, wall_s, cpu_s))
    return min(found, key=lambda one: one.wall_s)


def _theirs(path: Path, runs: int) -> Theirs:
    command = [sys.executable, "-c", _PEER, str(path)]
    done = [subprocess.run(command, capture_output=True, check=True, timeout=300).stdout for _ in range(runs)]
    return min((Theirs(**json.loads(one)) for one in done), key=lambda one: one.wall_s)


def _compared(case: str, ours: Ours, theirs: Theirs, goal: str) -> list[Row]:
    mesh = ours.mesh
    values = (
        ("volume", mesh.volume_mm3, theirs.volume),
        ("area", mesh.area_mm2, theirs.area),
        ("watertight", float(mesh.watertight), float(theirs.watertight)),
    )
    rows = [
        Row(
            "meshes",
            case,
            "time to facts, of trimesh's load, volume and watertightness",
            "s",
            ours.wall_s,
            "trimesh",
            theirs.wall_s,
            ours.wall_s / theirs.wall_s,
            goal="<= 0.333" if goal else "",
            cpu_s=ours.cpu_s,
            wall_s=ours.wall_s,
        )
    ]
    for name, value, other in values:
        apart = abs(value - other) / (abs(other) or 1.0)
        rows.append(Row("meshes", case, f"{name}: difference from trimesh's, relative", "1", apart, goal=goal))
    return rows


def measure_large(folder: Path) -> list[Row]:
    """To be called before anything else starts children: the memory is that of the largest so far."""
    path = folder / "blob.stl"
    case = f"{write_blob(path):,} triangles"
    _ours(path, 1)  # the first run compiles what later ones take from the cache
    first = _ours(path, 1)
    rss_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    # By turns: what else the machine does meanwhile meets both.
    pairs = [(_ours(path, 1), _theirs(path, 1)) for _ in range(RUNS)]
    ours = min((first, *(one for one, _ in pairs)), key=lambda one: one.wall_s)
    theirs = min((other for _, other in pairs), key=lambda one: one.wall_s)
    cpu_s, wall_s = ours.cpu_s, ours.wall_s
    return [
        Row("meshes", case, "file to facts", "s", wall_s, goal="<= 1.5", cpu_s=cpu_s, wall_s=wall_s),
        Row("meshes", case, "CPU of the child", "s", ours.cpu_s, "trimesh", theirs.cpu_s, ours.cpu_s / theirs.cpu_s),
        Row("meshes", case, "peak memory of the child", "MB", rss_mb, goal="<= 400", cpu_s=cpu_s, wall_s=wall_s),
        *_compared(case, ours, theirs, _SAME),
    ]


def measure_real() -> list[Row]:
    """Nothing where the shared parts aren't."""
    rows: list[Row] = []
    for path in sorted(_PARTS.glob("*.stl")):
        rows += _compared(path.stem, _ours(path, 2), _theirs(path, 2), "")[:3]
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="file for the rows")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="llagar-bench-") as folder:
        rows = measure_large(Path(folder))
    rows += measure_real()
    show(rows, "Facts of meshes")
    if options.json:
        write(rows, options.json)


if __name__ == "__main__":
    main()
