"""Plates to programs through PrusaSlicer: checked before, confined while it runs, checked after.

PrusaSlicer ends with 0 for plates off the bed and for open meshes, so its word is not taken for anything.
"""

import hashlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from slicer_bridge import confined
from slicer_bridge.errors import SlicerFailed
from slicer_bridge.plates.plate import Copy, PlacedPart, plate_mesh
from slicer_bridge.slicing.profile import FilamentProfile, PrinterProfile, Recipe, settings_sha256, slicer_settings
from slicer_bridge.slicing.sliced import SlicedProgram, read_sliced

SLICER = "prusa-slicer"
_NEAR_MM = 0.5
"""Lines may lie this far outside a copy's box: half a line's width, and rounding."""


@dataclass(frozen=True, slots=True)
class SliceLimits:
    memory_bytes: int = 6_000_000_000
    """Address space, of which libraries take over 1 GB."""
    cpu_s: int = 900
    wall_s: float = 1200.0
    file_bytes: int = 1_000_000_000


@dataclass(frozen=True, slots=True)
class SliceResult:
    """`lines` counts commands, without comments and blanks. `estimate_s` has no heat-up in it."""

    program: Path
    sha256: str
    lines: int
    estimate_s: float
    filament_mm: float
    filament_g: float
    made_by: str
    settings_sha256: str
    objects: tuple[str, ...]


def slice_plate(
    parts: tuple[PlacedPart, ...],
    printer: PrinterProfile,
    recipe: Recipe,
    material: FilamentProfile,
    out: Path,
    limits: SliceLimits | None = None,
) -> SliceResult:
    """Make the program `out` for one plate; the same plate gives the same bytes. Nothing is left behind on failure.

    Raises SlicerFailed, BadFile, BadLimits.
    """
    limits = limits or SliceLimits()
    settings = slicer_settings(printer, recipe, material)
    slicer = shutil.which(SLICER)
    if slicer is None:
        raise SlicerFailed(f"{SLICER} is not installed: run make slicer, or install PrusaSlicer and try again")
    with tempfile.TemporaryDirectory(prefix="slice-", dir=out.parent) as folder:
        work = Path(folder)
        copies = plate_mesh(parts, work / "plate.3mf")
        _check_places(copies, printer, recipe)
        (work / "settings.ini").write_text(settings, encoding="utf-8")
        _run(slicer, work, limits)
        sliced = read_sliced(work / "out.gcode", work / "clean.gcode")
        _check_objects(sliced, copies)
        (work / "clean.gcode").replace(out)
    with out.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return SliceResult(
        program=out,
        sha256=sha256,
        lines=sliced.commands,
        estimate_s=sliced.estimate_s,
        filament_mm=sliced.filament_mm,
        filament_g=sliced.filament_g,
        made_by=sliced.made_by,
        settings_sha256=settings_sha256(settings),
        objects=tuple(copy.label for copy in copies),
    )


def _check_places(copies: tuple[Copy, ...], printer: PrinterProfile, recipe: Recipe) -> None:
    if not copies:
        raise SlicerFailed("the plate holds no part")
    room = (*printer.bed_mm, printer.height_mm)
    for copy in copies:
        if copy.high[2] < 0.5 * recipe.layer_mm:
            raise SlicerFailed(f"{copy.part}: {copy.high[2]:.3f} high: below half a layer of {recipe.layer_mm:g}")
        for axis, limit in enumerate(room):
            brim = recipe.brim_mm if axis < 2 else 0.0
            if copy.low[axis] - brim < -1e-3 or copy.high[axis] + brim > limit + 1e-3:
                raise SlicerFailed(
                    f"{copy.part}: {'XYZ'[axis]} from {copy.low[axis]:.2f} to {copy.high[axis]:.2f} mm "
                    f"{f'with {brim:g} mm of brim around it ' if brim else ''}"
                    f"is not on the bed of {printer.name} (0 to {limit:g})"
                )


def _run(slicer: str, work: Path, limits: SliceLimits) -> None:
    numbers = [str(limits.memory_bytes), str(limits.cpu_s), str(limits.file_bytes)]
    command = [sys.executable, "-I", str(Path(confined.__file__)), *numbers, slicer]
    command += ["-g", "--load", "settings.ini", "--datadir", str(work / "data"), "--loglevel", "1"]
    command += ["--dont-arrange", "-o", "out.gcode", "plate.3mf"]
    try:
        done = subprocess.run(command, cwd=work, capture_output=True, timeout=limits.wall_s, check=False)
    except subprocess.TimeoutExpired as error:
        raise SlicerFailed(f"PrusaSlicer took over {limits.wall_s:g} s: use fewer or simpler parts a plate") from error
    if done.returncode < 0 or done.returncode >= 128:
        number = -done.returncode if done.returncode < 0 else done.returncode - 128
        raise SlicerFailed(
            f"PrusaSlicer was ended by {signal.Signals(number).name}: the mesh broke it, "
            "or it asked for more memory or time than is allowed"
        )
    if done.returncode != 0 or not (work / "out.gcode").is_file():
        raise SlicerFailed(f"PrusaSlicer made no program (exit {done.returncode}): {_last_words(done)}")


def _last_words(done: subprocess.CompletedProcess[bytes]) -> str:
    text = (done.stdout + b"\n" + done.stderr).decode(errors="replace")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not re.match(r"\d+ => |\[", line)]
    return " ".join(lines[-3:])[:400] or "it gave no reason"


def _check_objects(sliced: SlicedProgram, copies: tuple[Copy, ...]) -> None:
    """Every copy is there, exactly where it was put: the slicer may centre or drop parts without a word."""
    found = {box.label: box for box in sliced.objects}
    if len(found) != len(copies):
        missing = sorted({copy.part for copy in copies if copy.label not in found})
        raise SlicerFailed(
            f"{len(copies)} copies were placed and {len(found)} sliced: nothing was left of {', '.join(missing[:5])}: "
            "too thin to print?"
        )
    for copy in copies:
        box = found.get(copy.label)
        if box is None:
            raise SlicerFailed(f"{copy.part}: the program has no object {copy.label}")
        for axis in (0, 1):
            if box.low[axis] < copy.low[axis] - _NEAR_MM or box.high[axis] > copy.high[axis] + _NEAR_MM:
                raise SlicerFailed(
                    f"{copy.part}: placed at {'XY'[axis]} {copy.low[axis]:.2f} to {copy.high[axis]:.2f} mm, "
                    f"sliced at {box.low[axis]:.2f} to {box.high[axis]:.2f}"
                )
