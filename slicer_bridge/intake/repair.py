"""Repair a stranger's mesh in a child process with the limits of measuring."""

import shutil
import tempfile
from pathlib import Path

from slicer_bridge.facts import Repair
from slicer_bridge.intake.measure import ParseLimits, answer, as_error, request_for

REPAIRED = "repaired.stl"


def repair_file(path: Path, out: Path, *, unit: str | None = None, limits: ParseLimits | None = None) -> Repair:
    """Write the repaired mesh to `out` (binary STL, mm, low corner at the origin) and say what was changed.

    Raises RepairRefused where that would invent or lose too much, BadFile and its kinds; then `out` is as it was.
    """
    limits = limits or ParseLimits()
    with tempfile.TemporaryDirectory() as folder:
        request = request_for(path, Path(folder), unit, limits).model_copy(update={"repair": True})
        reply = answer(request, limits)
        if reply.repair is None:
            raise as_error(reply)
        beside = out.with_name(f".{out.name}.part")
        shutil.copyfile(Path(folder) / REPAIRED, beside)
        beside.replace(out)
    return reply.repair
