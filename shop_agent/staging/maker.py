"""The child process that turns a plate into a checked program: an order as a line on stdin, an answer on stdout.

Run as `python -m shop_agent.staging.maker`. Slicing takes all of a core: here it delays neither heartbeats nor lines.
Its stdin stays open for as long as the agent lives: at its end the whole process group ends, slicer included.
"""

import os
import signal
import sys
import threading
from dataclasses import replace
from math import cos, radians, sin
from pathlib import Path

from pydantic import ValidationError

from broker.wire.plates import Plate, PlatedPart
from broker.wire.shop import Process
from shop_agent.blocks import approvals_for, as_record, as_spans, why_not
from shop_agent.errors import BadConfig, StagingFailed
from shop_agent.journal_file import sync
from shop_agent.profiles import load_profile
from shop_agent.settings import policy_of
from shop_agent.staging.order import Made, MakeOrder
from shop_agent.state.records import KeepOut, PlateNeeds, Program
from slicer_bridge.errors import BridgeError
from slicer_bridge.plates.plate import PlacedPart, Placement
from slicer_bridge.programs.check import check_program
from slicer_bridge.programs.limits import load_limits
from slicer_bridge.slicing.profile import FILAMENTS, FilamentProfile, Recipe
from slicer_bridge.slicing.shop.approval import Approval, approved
from slicer_bridge.slicing.slice import slice_plate

NICENESS = 10
_OWN_FOLDERS = 3
"""Of an attempt, of its run, of all runs: made for this program, maybe."""


def make(order: MakeOrder) -> Made:
    """Raises StagingFailed, BadConfig, BridgeError."""
    try:
        plate = Plate.model_validate_json(order.plate.read_bytes())
    except ValidationError as error:
        raise StagingFailed(f"the plate is not one of this version: {error.errors()[0]['msg']}") from error
    if plate.process is not order.machine.process:
        raise StagingFailed(f"the plate is for {plate.process}, {order.machine.name} does {order.machine.process}")
    program, needs = _printed(order, plate) if plate.process is Process.FDM else _cut(order, plate)
    limits = load_limits(order.limits)
    reason = why_not(program.blocks, _approvals(order), limits)
    if reason:
        raise StagingFailed(reason)
    verdict = check_program(Path(program.path), limits, None, as_spans(program.blocks))
    if not verdict.ok:
        reasons = "; ".join(f"line {one.line}: {one.reason}" for one in verdict.findings[:3])
        raise StagingFailed(f"the program is outside this machine's limits: {reasons}")
    _flush(Path(program.path))
    # Progress counts the file's lines, comments too; so does what it is measured by.
    return Made(program=replace(program, lines=verdict.lines), needs=needs)


def _printed(order: MakeOrder, plate: Plate) -> tuple[Program, PlateNeeds]:
    profile = load_profile(order.profile)
    recipe = Recipe(plate.recipe.layer_mm, plate.recipe.perimeters, plate.recipe.infill)
    own = profile.imported(plate.material, order.machine.tool_mm)
    made = slice_plate(
        _placed(plate, order.parts, ".stl"),
        profile.printer(order.machine),
        recipe,
        profile.filament(plate.material) if own is None else _material(plate.material),
        order.folder / "program.gcode",
        shop=None if own is None else approved(own, _approvals(order)),
    )
    program = Program(
        str(made.program),
        made.sha256,
        made.lines,
        made.estimate_s + sum(block.effects.duration_s for block in made.blocks),
        made.filament_g,
        made.made_by,
        as_record(made.blocks),
        made.provenance.profile_sha256,
    )
    objects = tuple((one.label, one.lot) for one in made.objects)
    needs = _needs(order, plate)
    return program, replace(needs, surface=profile.surface(plate.material), objects=objects)


def _material(name: str) -> FilamentProfile:
    """What an imported profile may leave open."""
    return FILAMENTS.get(name) or FilamentProfile(name)


def _approvals(order: MakeOrder) -> tuple[Approval, ...]:
    """Read anew for every program. Raises BadConfig."""
    return approvals_for(policy_of(order.policy).blocks, order.machine.name)


def _cut(order: MakeOrder, plate: Plate) -> tuple[Program, PlateNeeds]:
    from slicer_bridge.cutting.cut import Sheet, cut_sheet  # half of what there is to import, and no print needs it

    profile = load_profile(order.profile)
    cutting = profile.cutting()
    made = cut_sheet(
        _placed(plate, order.parts, ".dxf"),
        profile.tool(plate.material, order.machine.tool_mm, load_limits(order.limits)),
        Sheet(plate.size_mm, plate.thickness_mm),
        order.folder / "program.nc",
        cutting,
    )
    program = Program(str(made.program), made.sha256, made.lines, made.estimate_s, 0.0, made.made_by)
    keep_out = tuple(KeepOut(one.name, one.corners, one.height_mm, one.machine) for one in cutting.keep_out)
    return program, replace(_needs(order, plate), reach_mm=_reach(plate), keep_out=keep_out)


def _placed(plate: Plate, folder: Path, suffix: str) -> tuple[PlacedPart, ...]:
    """The wire's plate as the slicer takes it."""
    return tuple(
        PlacedPart(
            path=_file(folder / part.part_sha256, suffix),
            name=part.name,
            placements=tuple(Placement(x, y, angle) for x, y, angle in part.placements),
            rotation=part.rotation,
            lot=part.lot,
        )
        for part in plate.parts
    )


def _file(blob: Path, suffix: str) -> Path:
    """Readers go by a file's ending; blobs have none."""
    named = blob.with_suffix(suffix)
    if not named.exists():
        named.hardlink_to(blob)
    return named


def _needs(order: MakeOrder, plate: Plate) -> PlateNeeds:
    pieces: dict[str, int] = {}
    for part in plate.parts:
        pieces[part.lot] = pieces.get(part.lot, 0) + len(part.placements)
    return PlateNeeds(
        tuple(pieces.items()),
        tuple(_title(part) for part in plate.parts),
        plate.thickness_mm,
        order.machine.tool_mm,
        plate.colour,
    )


def _reach(plate: Plate) -> tuple[float, float]:
    """The far corner of all parts, from the sheet's low corner, mm."""
    far = [0.0, 0.0]
    for part in plate.parts:
        for x, y, angle_deg in part.placements:
            turn = radians(angle_deg)
            for u, v in part.outline:
                far[0] = max(far[0], x + u * cos(turn) - v * sin(turn))
                far[1] = max(far[1], y + u * sin(turn) + v * cos(turn))
    return far[0], far[1]


def _title(part: PlatedPart) -> str:
    return f"{len(part.placements)} × {part.name}"


def _flush(path: Path) -> None:
    """The program and its name are on the disk when the run is reported as staged: the folders' names as well."""
    sync(path)
    for folder in list(path.parents)[:_OWN_FOLDERS]:
        sync(folder)


def _end_with_the_agent(stdin: int) -> None:
    """Nothing more comes on stdin; the agent that comes next makes the program anew."""
    try:
        os.read(stdin, 1)
    finally:
        os.killpg(0, signal.SIGKILL)


def main() -> None:
    order = MakeOrder.model_validate_json(sys.stdin.buffer.readline())
    # Its own descriptor, without the reader's lock: that would be held when the interpreter ends.
    stdin = os.dup(sys.stdin.fileno())
    threading.Thread(target=_end_with_the_agent, args=(stdin,), name="agent", daemon=True).start()
    os.nice(NICENESS)
    try:
        made = make(order)
    except (StagingFailed, BadConfig, BridgeError) as error:
        made = Made(error=str(error) or type(error).__name__)
    sys.stdout.buffer.write(made.model_dump_json().encode())


if __name__ == "__main__":
    main()
