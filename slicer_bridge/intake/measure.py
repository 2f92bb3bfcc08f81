"""Measure a stranger's file in a child process: limited in memory, time and written bytes, fenced in, no network."""

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from slicer_bridge import errors
from slicer_bridge.facts import PartFacts
from slicer_bridge.intake import heating
from slicer_bridge.intake.allowance import Allowance, allowance
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
_ROOT = Path(__file__).parents[2]
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "NUMBA_CACHE_DIR", "XDG_CACHE_HOME")
"""Of the environment: what else is there is no business of a process that reads strangers' files."""


@dataclass(frozen=True, slots=True)
class ParseLimits:
    """None: as much as a file of this kind and size deserves (`allowance`)."""

    max_bytes: int = 100_000_000
    max_triangles: int = 20_000_000
    memory_bytes: int = 8_000_000_000
    """Address space of the child: libraries alone map some 500 MB, and compiled loops more."""
    data_bytes: int | None = None
    """Memory that the child may write to."""
    cpu_s: int | None = None
    wall_s: float | None = None
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
    `unit` (mm, cm, m, inch, foot; px or pt of a drawing) overrides what the file says and ends all doubt about it.
    Nothing is left in `workdir` when it fails.

    Raises BadFile and its kinds: FileTooLarge, UnitUnknown, UnsupportedFormat, ParserDied.
    """
    limits = limits or ParseLimits()
    reply = answer(request_for(path, workdir, unit, limits, features=features), limits)
    if reply.facts is None:
        raise as_error(reply)
    return reply.facts


def as_error(reply: Reply) -> errors.BridgeError:
    return _ERRORS.get(reply.error, errors.BadFile)(reply.message)


def request_for(path: Path, workdir: Path, unit: str | None, limits: ParseLimits, *, features: bool = False) -> Request:
    """Raises BadFile, FileTooLarge before any child is started."""
    if not path.is_file():
        raise errors.BadFile(f"{path} is no file: check its name")
    size = path.stat().st_size
    if size > limits.max_bytes:
        raise errors.FileTooLarge(f"{path.name} has {size:,} bytes; at most {limits.max_bytes:,} are read: simplify it")
    allowed = _allowed(limits, allowance(path.suffix, size, features=features))
    return Request(
        path=path.resolve(),
        workdir=workdir.resolve(),
        unit=unit,
        max_triangles=limits.max_triangles,
        memory_bytes=limits.memory_bytes,
        data_bytes=allowed.data_bytes,
        cpu_s=allowed.cpu_s,
        file_bytes=limits.file_bytes,
        features=features,
    )


def answer(request: Request, limits: ParseLimits) -> Reply:
    """Of a child; where that is an error nothing is left in the request's folder. Raises ParserDied."""
    size = request.path.stat().st_size
    if heating.worth(request.path, size) or request.features:
        heating.heat(_environment())
    before = set(request.workdir.iterdir())
    made: Reply | None = None
    try:
        deserved = allowance(request.path.suffix, size, features=request.features)
        made = _ask_child(request, _allowed(limits, deserved).wall_s)
    finally:
        if made is None or made.error:
            left = {request.workdir / name for name in ("normalised.stl", "normalised.dxf")}
            _clear(set(request.workdir.iterdir()) - before | left)
    return made


def _allowed(limits: ParseLimits, deserved: Allowance) -> Allowance:
    return Allowance(
        deserved.data_bytes if limits.data_bytes is None else limits.data_bytes,
        deserved.cpu_s if limits.cpu_s is None else limits.cpu_s,
        deserved.wall_s if limits.wall_s is None else limits.wall_s,
    )


def _clear(left: set[Path]) -> None:
    for path in left:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _environment() -> dict[str, str]:
    kept = {key: os.environ[key] for key in _PASSED_ON if key in os.environ}
    ours = os.pathsep.join([str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    # One thread each: a pool of BLAS threads maps gigabytes of address space and the limit counts them.
    return {**kept, "PYTHONPATH": ours, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def _ask_child(request: Request, wall_s: float) -> Reply:
    name = request.path.name
    command = [sys.executable, "-P", "-m", "slicer_bridge.intake.child"]  # -P: nothing is imported from the work folder
    try:
        done = subprocess.run(
            command,
            input=request.model_dump_json().encode(),
            capture_output=True,
            timeout=wall_s,
            env=_environment(),
            cwd=request.workdir,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise errors.ParserDied(f"{name} took over {wall_s:g} s to read: simplify it") from error
    if done.returncode < 0:
        raise errors.ParserDied(_death(-done.returncode, request))
    if done.returncode != 0:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["no words"]
        raise errors.ParserDied(f"reading {name} failed: {last[0][:300]}: export it again, or in another format")
    return Reply.model_validate_json(done.stdout)


def _death(number: int, request: Request) -> str:
    name = signal.Signals(number).name
    if number == signal.SIGXCPU:
        return f"{request.path.name} takes over {request.cpu_s} s of computing to read: simplify it and export it again"
    return (
        f"{request.path.name} broke its reader, which was ended by {name}: "
        "it is damaged or over a limit; export it again, or in another format"
    )
