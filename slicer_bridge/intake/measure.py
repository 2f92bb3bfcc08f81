"""Measure a stranger's file in a child process with limits on memory, time, written bytes and without network."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from slicer_bridge import errors
from slicer_bridge.facts import PartFacts
from slicer_bridge.intake.parsing import Reply, Request

_ERRORS = {
    kind.__name__: kind
    for kind in (
        errors.BadFile,
        errors.FileTooLarge,
        errors.UnitUnknown,
        errors.UnsupportedFormat,
        errors.ParserDied,
        errors.RepairRefused,
    )
}


@dataclass(frozen=True, slots=True)
class ParseLimits:
    max_bytes: int = 100_000_000
    max_triangles: int = 20_000_000
    memory_bytes: int = 3_000_000_000
    """Address space of the child: libraries alone map some 500 MB."""
    cpu_s: int = 60
    wall_s: float = 120.0
    file_bytes: int = 1_000_000_000
    """Largest file that the child may write."""


def measure_file(
    path: Path,
    workdir: Path,
    *,
    unit: str | None = None,
    limits: ParseLimits | None = None,
    features: bool = False,
) -> PartFacts:
    """Facts of one file; writes `normalised.stl` (binary, mm) or `normalised.dxf` (mm) into `workdir`.

    `features`: also measure walls, gaps, holes, cavities and overhangs, which takes longer.
    `unit` (mm, cm, m, inch, foot) overrides what the file says and ends all doubt about it. Nothing is left in
    `workdir` when it fails.

    Raises BadFile and its kinds: FileTooLarge, UnitUnknown, UnsupportedFormat, ParserDied.
    """
    limits = limits or ParseLimits()
    request = request_for(path, workdir, unit, limits).model_copy(update={"features": features})
    try:
        reply = ask_child(request, limits.wall_s)
        if reply.facts is None:
            raise as_error(reply)
    except errors.BadFile:
        for left in ("normalised.stl", "normalised.dxf"):
            (workdir / left).unlink(missing_ok=True)
        raise
    return reply.facts


def as_error(reply: Reply) -> errors.BridgeError:
    return _ERRORS.get(reply.error, errors.BadFile)(reply.message)


def request_for(path: Path, workdir: Path, unit: str | None, limits: ParseLimits) -> Request:
    """Raises BadFile, FileTooLarge before any child is started."""
    if not path.is_file():
        raise errors.BadFile(f"{path} is no file: check its name")
    size = path.stat().st_size
    if size > limits.max_bytes:
        raise errors.FileTooLarge(f"{path.name} has {size:,} bytes; at most {limits.max_bytes:,} are read: simplify it")
    return Request(
        path=path.resolve(),
        workdir=workdir.resolve(),
        unit=unit,
        max_triangles=limits.max_triangles,
        memory_bytes=limits.memory_bytes,
        cpu_s=limits.cpu_s,
        file_bytes=limits.file_bytes,
    )


def ask_child(request: Request, wall_s: float) -> Reply:
    """Raises ParserDied."""
    command = [sys.executable, "-m", "slicer_bridge.intake.child"]
    # One thread each: a pool of BLAS threads maps gigabytes of address space and the limit counts them.
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            command,
            input=request.model_dump_json().encode(),
            capture_output=True,
            timeout=wall_s,
            env=environment,
            cwd=request.workdir,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise errors.ParserDied(f"{request.path.name} took over {wall_s:g} s to read: simplify it") from error
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        raise errors.ParserDied(
            f"reading {request.path.name} was ended by {name}: over a limit, or broken in a new way"
        )
    if done.returncode != 0:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["no words"]
        raise errors.ParserDied(f"reading {request.path.name} failed: {last[0]}")
    return Reply.model_validate_json(done.stdout)
