"""Plates to programs through one of three engines: checked before, confined while it runs, checked after.

Slicers end with 0 for plates off the bed and for open meshes, so their word is not taken for anything.
"""

import shutil
import tempfile
from itertools import pairwise
from pathlib import Path

from slicer_bridge.errors import BadLimits, SlicerFailed
from slicer_bridge.plates.plate import Copy, PlacedPart, plate_objects
from slicer_bridge.slicing import cura, prusa
from slicer_bridge.slicing.child import file_sha256, is_full
from slicer_bridge.slicing.contract import (
    Draft,
    Engine,
    Job,
    ObjectBox,
    Provenance,
    SlicedObject,
    SlicedProgram,
    SliceLimits,
    Slicer,
    SliceResult,
)
from slicer_bridge.slicing.embedded import engine as embedded
from slicer_bridge.slicing.profile import FilamentProfile, PrinterProfile, Recipe, check_recipe
from slicer_bridge.slicing.shop.approval import ApprovedProfile
from slicer_bridge.slicing.shop.machine_fit import check_fit

__all__ = ["Engine", "SliceLimits", "SliceResult", "slice_plate"]

SLICERS = (prusa.SLICER, cura.SLICER, embedded.SLICER)
"""In the order in which they are taken."""
_NEAR_MM = 0.5
"""Lines may lie this far outside a copy's box: half a line's width, and rounding."""
_SUPPORT_MM = 5.0
"""Supports stand wider than what they carry."""
_SLACK_MM = 1e-3
_TIP_MM = 2.0
_MISSING_LAYERS = 2


def slice_plate(
    parts: tuple[PlacedPart, ...],
    printer: PrinterProfile,
    recipe: Recipe,
    material: FilamentProfile,
    out: Path,
    engine: Engine | None = None,
    limits: SliceLimits | None = None,
    shop: ApprovedProfile | None = None,
) -> SliceResult:
    """Make the program `out` for one plate; the same plate gives the same bytes. Nothing is left behind on failure.

    `engine` None: the first that is installed. `shop`: the shop's own PrusaSlicer profile, which takes the place of all
    that `printer` and `material` say but bed, height, nozzle and names. Raises SlicerFailed, BadFile, BadLimits.
    """
    check_recipe(printer, recipe)
    if shop is not None:
        if engine not in {None, Engine.PRUSA}:
            raise BadLimits(f"a PrusaSlicer profile is for PrusaSlicer, not for {engine}")
        check_fit(shop.profile, printer)
        engine = Engine.PRUSA
    slicer, program = chosen(engine)
    objects, copies = plate_objects(parts)
    job = Job(objects, copies, printer, recipe, material, limits or SliceLimits(), shop)
    _check_places(job)
    if recipe.supports and not slicer.supports:
        raise BadLimits(f"the {slicer.title} makes no supports: install PrusaSlicer, or turn the part")
    try:
        with tempfile.TemporaryDirectory(prefix="slice-", dir=out.parent) as folder:
            draft = slicer.make(job, program, Path(folder))
            _check_objects(draft.sliced, job)
            _check_bounds(draft.sliced, job)
            _check_heights(draft.sliced, job)
            draft.program.replace(out)
    except OSError as error:
        if is_full(error):
            raise SlicerFailed(f"{out.parent}: no room for the program ({error.strerror}): free some") from error
        raise
    return _result(slicer, draft, job, out)


def chosen(engine: Engine | None) -> tuple[Slicer, Path]:
    """The engine and its executable. Raises SlicerFailed if the one that is asked for is not there."""
    for slicer in SLICERS:
        if engine not in {None, slicer.engine}:
            continue
        found = shutil.which(slicer.program) if slicer.program else __file__
        if found:
            return slicer, Path(found).resolve()
        if engine:
            raise SlicerFailed(f"{slicer.program} is not installed: run make slicer, or choose another engine")
    raise SlicerFailed("no slicer is installed: run make slicer, or install PrusaSlicer and try again")


def _result(slicer: Slicer, draft: Draft, job: Job, out: Path) -> SliceResult:
    sliced = draft.sliced
    boxes = {box.label: box for box in sliced.objects}
    return SliceResult(
        program=out,
        sha256=file_sha256(out),
        lines=sliced.commands,
        estimate_s=sliced.estimate_s,
        filament_mm=sum(use.length_mm for use in sliced.materials),
        filament_g=sum(use.mass_g for use in sliced.materials),
        made_by=f"{slicer.title} {sliced.version}",
        settings_sha256=draft.settings_sha256,
        objects=tuple(
            SlicedObject(copy.label, copy.part, copy.lot, boxes[copy.label].low, boxes[copy.label].high)
            for copy in job.copies
        ),
        materials=sliced.materials,
        layers=sliced.layers,
        bounds=sliced.bounds,
        provenance=Provenance(
            engine=slicer.engine,
            embedded=slicer.engine is Engine.EMBEDDED,
            version=sliced.version,
            binary_sha256=draft.binary_sha256,
            settings_sha256=draft.settings_sha256,
            cores=draft.cores,
            profile_sha256=job.shop.profile.sha256 if job.shop else "",
        ),
        notes=sliced.notes,
        blocks=sliced.blocks,
    )


def _check_places(job: Job) -> None:
    if not job.copies:
        raise SlicerFailed("the plate holds no part")
    layer, brim = job.recipe.layer_mm, job.recipe.brim_mm
    for copy in job.copies:
        if copy.high[2] < 0.5 * layer:
            raise SlicerFailed(f"{copy.part}: {copy.high[2]:.3f} high: below half a layer of {layer:g}")
        _check_on_bed(copy, job.printer, brim)


def _check_on_bed(copy: Copy, printer: PrinterProfile, brim: float) -> None:
    for axis, limit in enumerate((*printer.bed_mm, printer.height_mm)):
        round_it = brim if axis < 2 else 0.0
        low, high = copy.low[axis] - round_it, copy.high[axis] + round_it
        if low < -_SLACK_MM or high > limit + _SLACK_MM:
            with_brim = f" with a brim of {brim:g} mm" if round_it else ""
            raise SlicerFailed(
                f"{copy.part}: {'XYZ'[axis]} from {low:.2f} to {high:.2f} mm{with_brim} "
                f"is not on the bed of {printer.name} (0 to {limit:g})"
            )


def _check_objects(sliced: SlicedProgram, job: Job) -> None:
    """Every copy is there, exactly where it was put: the slicer may centre or drop parts without a word."""
    found = {box.label: box for box in sliced.objects}
    if len(found) != len(job.copies):
        missing = sorted({copy.part for copy in job.copies if copy.label not in found})
        raise SlicerFailed(
            f"{len(job.copies)} copies were placed and {len(found)} sliced: "
            f"nothing was left of {', '.join(missing[:5])}: too thin to print?"
        )
    near = _NEAR_MM + (_SUPPORT_MM if job.recipe.supports else 0.0)
    for copy in job.copies:
        box = found.get(copy.label)
        if box is None:
            raise SlicerFailed(f"{copy.part}: the program has no object {copy.label}")
        for axis in (0, 1):
            if box.low[axis] < copy.low[axis] - near or box.high[axis] > copy.high[axis] + near:
                raise SlicerFailed(
                    f"{copy.part}: placed at {'XY'[axis]} {copy.low[axis]:.2f} to {copy.high[axis]:.2f} mm, "
                    f"sliced at {box.low[axis]:.2f} to {box.high[axis]:.2f}"
                )


def _check_heights(sliced: SlicedProgram, job: Job) -> None:
    boxes = {box.label: box for box in sliced.objects}
    for copy in job.copies:
        _check_whole(copy, boxes[copy.label], job.recipe.layer_mm)


def _check_whole(copy: Copy, box: ObjectBox, layer_mm: float) -> None:
    """From bottom to top: of an open mesh slicers print what they can make out, and say nothing.

    Tips and edges are thinner than a line: they may end a little early.
    """
    heights = (0.0, *box.heights, copy.high[2])
    for below, above in pairwise(heights):
        most = _TIP_MM if below == 0.0 or above == copy.high[2] else _MISSING_LAYERS * layer_mm
        if above - below > most + layer_mm:
            raise SlicerFailed(
                f"{copy.part}: nothing is printed between {below:.2f} and {above:.2f} mm of its "
                f"{copy.high[2]:.2f} mm of height: the mesh is open there, or thinner than a line"
            )


def _check_bounds(sliced: SlicedProgram, job: Job) -> None:
    """Supports and brim too stay on the bed, and no layer is above the parts or the printer."""
    room = (*job.printer.bed_mm, job.printer.height_mm)
    for axis, limit in enumerate(room):
        low, high = sliced.bounds.low[axis], sliced.bounds.high[axis]
        if low < -_SLACK_MM or high > limit + _SLACK_MM:
            raise SlicerFailed(
                f"the program prints at {'XYZ'[axis]} {low:.2f} to {high:.2f} mm, off the bed of {job.printer.name} "
                f"(0 to {limit:g}): give supports and brim more room"
            )
