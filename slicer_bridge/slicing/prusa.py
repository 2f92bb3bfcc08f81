"""PrusaSlicer: the plate as a 3MF of our own, every setting given, its program read back."""

from pathlib import Path

from slicer_bridge.errors import SlicerFailed
from slicer_bridge.plates.plate_file import write_plate
from slicer_bridge.slicing.child import file_sha256, last_words, run_slicer
from slicer_bridge.slicing.contract import Draft, Engine, Job, Slicer
from slicer_bridge.slicing.profile import settings_sha256, slicer_settings
from slicer_bridge.slicing.shop.composed import composed_settings
from slicer_bridge.slicing.shop.marks import NO_NONCE, Marks, new_nonce
from slicer_bridge.slicing.sliced import read_sliced

TITLE = "PrusaSlicer"
_CALL = ("-g", "--load", "settings.ini", "--loglevel", "1", "--dont-arrange")


def make(job: Job, slicer: Path, work: Path) -> Draft:
    """Raises SlicerFailed, BadLimits."""
    nonce = new_nonce()
    settings, settings_hash = _settings(job, nonce)
    write_plate(work / "plate.3mf", list(job.objects))
    (work / "settings.ini").write_text(settings, encoding="utf-8")
    arguments = (*_CALL, "--datadir", str(work / "data"), "-o", "out.gcode", "plate.3mf")
    cores = run_slicer(TITLE, slicer, arguments, work, job.limits)
    if not (work / "out.gcode").is_file():
        raise SlicerFailed(f"{TITLE} ended well and wrote no program: {last_words(work / 'words.txt')}")
    marks = Marks(nonce, job.shop) if job.shop else None
    sliced = read_sliced(work / "out.gcode", work / "clean.gcode", job.material.name, marks)
    return Draft(work / "clean.gcode", sliced, file_sha256(slicer), settings_hash, cores)


def _settings(job: Job, nonce: str) -> tuple[str, str]:
    """Their text, and its hash, in which no slicing's own number is."""
    if job.shop is None:
        text = slicer_settings(job.printer, job.recipe, job.material)
        return text, settings_sha256(text)
    text, plain = (composed_settings(job.shop, job.printer, job.recipe, job.material, one) for one in (nonce, NO_NONCE))
    return text, settings_sha256(plain)


SLICER = Slicer(Engine.PRUSA, TITLE, "prusa-slicer", make)
