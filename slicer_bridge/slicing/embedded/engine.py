"""The slicer of this package, for machines that have no other: a confined child too, marked in every result."""

import hashlib
import os
import sys
from dataclasses import replace
from pathlib import Path

import slicer_bridge
from slicer_bridge.errors import SlicerFailed
from slicer_bridge.reading.stl import write_stl
from slicer_bridge.slicing.child import last_words, run_slicer
from slicer_bridge.slicing.contract import Draft, Engine, Job, SlicedProgram, Slicer
from slicer_bridge.slicing.embedded.order import ANSWER, ANSWERS, ORDER, ORDERS, PROGRAM, Order, OrderedObject
from slicer_bridge.slicing.ends import plain_ends
from slicer_bridge.slicing.lines import ProgramLines
from slicer_bridge.slicing.profile import settings_sha256

TITLE = "embedded slicer"
VERSION = "1"


def make(job: Job, _: Path, work: Path) -> Draft:
    """Raises SlicerFailed, BadLimits."""
    start, end = plain_ends(job.printer, job.material, max(copy.high[2] for copy in job.copies))
    objects = []
    for number, one in enumerate(job.objects):
        write_stl(work / f"{number}.stl", one.facets)
        objects.append(OrderedObject(f"{number}.stl", one.name, one.moves))
    order = Order(VERSION, job.printer, job.recipe, job.material, start, end, ())
    settings = ORDERS.dump_json(order).decode()
    (work / ORDER).write_bytes(ORDERS.dump_json(replace(order, objects=tuple(objects))))
    command = ["-m", "slicer_bridge.slicing.embedded"]
    cores = run_slicer(TITLE, Path(sys.executable), command, work, job.limits, _environment())
    if not (work / ANSWER).is_file():
        raise SlicerFailed(f"the {TITLE} ended well and wrote no program: {last_words(work / 'words.txt')}")
    return Draft(work / PROGRAM, _read(job, work), _source_sha256(), settings_sha256(settings), cores)


SLICER = Slicer(Engine.EMBEDDED, TITLE, None, make, supports=False)


def _read(job: Job, work: Path) -> SlicedProgram:
    answer = ANSWERS.validate_json((work / ANSWER).read_bytes())
    lines = ProgramLines()
    with (work / PROGRAM).open(encoding="utf-8") as read:
        for line in read:
            lines.feed(line)
    return SlicedProgram(
        commands=lines.commands,
        estimate_s=answer.seconds,
        materials=lines.materials(job.material),
        version=VERSION,
        objects=lines.objects(),
        layers=lines.layers(),
        bounds=lines.bounds(),
        notes=answer.notes,
    )


def _environment() -> dict[str, str]:
    """The child finds this very package, installed or not; its libraries use the one core they have."""
    home = str(Path(slicer_bridge.__file__).parents[1])
    paths = [home, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OPENBLAS_NUM_THREADS": "1"}


def _source_sha256() -> str:
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
