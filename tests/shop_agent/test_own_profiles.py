"""Plates in the shop's own profile: staged only with approved blocks, streamed with their lines, refused otherwise."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from broker.wire.plates import Recipe
from broker.wire.states import RunState
from shop_agent.blocks import approvals_for, as_record, as_spans, why_not
from shop_agent.errors import BadConfig, StagingFailed
from shop_agent.identity import own_key, public_text
from shop_agent.settings import load_config, load_policy, machine_limits
from shop_agent.staging.maker import make
from shop_agent.staging.order import Made, MakeOrder
from shop_agent.state.records import Program
from shop_agent.streamer.program import ProgramRefused, load_program
from slicer_bridge.errors import BadLimits, BlockNotApproved
from slicer_bridge.programs.blocks import BlockKind, BlockSpan, Effects
from tests.shop_agent.fake_broker import FakeBroker
from tests.shop_agent.machines import SimMachine, machine
from tests.shop_agent.own_profiles import MACROS, approve, flat_file, import_profile, own_shop, take_limits
from tests.shop_agent.plates import cube, plate_of_cubes
from tests.shop_agent.workshops import Shop, needs_slicer, offer_cubes, running
from tests.slicer_bridge.slicing.shop.profiles import START, VENDORS

KEY = "KEY"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = own_shop(tmp_path / "etc", tmp_path / "run", tmp_path / "tty", host=KEY)
    take_limits(path, import_profile(path, flat_file(tmp_path)))
    return path


def made(path: Path, folder: Path, *, material: str = "PLA", name: str = "cube", recipe: Recipe | None = None) -> Made:
    """What the staging child answers. Raises StagingFailed, BadConfig, BridgeError."""
    config = load_config(path)
    section = config.machine("printer")
    data = cube(folder / "cube.stl")
    plain = plate_of_cubes(data)
    part = plain.parts[0].model_copy(update={"name": name})
    plate = plain.model_copy(update={"material": material, "parts": (part,), "recipe": recipe or Recipe()})
    (folder / "plate.json").write_text(plate.model_dump_json())
    (folder / "parts").mkdir(exist_ok=True)
    (folder / "parts" / plate.parts[0].part_sha256).write_bytes(data)
    order = MakeOrder(
        plate=folder / "plate.json",
        parts=folder / "parts",
        folder=folder,
        machine=section.spec(),
        profile=section.profile,
        limits=path.parent / "printer.limits.toml",
        policy=config.policy,
    )
    return make(order)


@needs_slicer
def test_staging_takes_none_but_approved_blocks(shop: Path, tmp_path: Path) -> None:
    with pytest.raises(BlockNotApproved, match=r"start_gcode .* end_gcode .* llagar-agent profile approve"):
        made(shop, tmp_path)
    approve(shop)
    program = made(shop, tmp_path).program
    assert program is not None
    assert program.profile_sha256
    assert [(block.kind, block.words) for block in program.blocks] == [
        (BlockKind.START, ("PRINT_START",)),
        (BlockKind.END, ("PRINT_END",)),
    ]
    import_profile(shop, flat_file(tmp_path, start_gcode=START + " MESH=1"))
    with pytest.raises(BlockNotApproved, match="not approved or has changed since: start_gcode"):
        made(shop, tmp_path)
    own = shop.parent / "printer.0.4.PLA.imported.toml"
    own.write_text(own.read_text().replace("PRINT_END", "PRINT_END\nM81"))
    with pytest.raises(BlockNotApproved, match="end_gcode"):
        made(shop, tmp_path)


@needs_slicer
@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("homed = true\n", "", "moves before it was homed"),
        ('hotend_c = "profile"\n', "hotend_c = 400\n", "leaves the hotend at 400 °C; the limit is 215"),
        ('words = ["PRINT_END"]', "words = []", "PRINT_END is not on this machine's list"),
    ],
)
def test_effects_that_are_declared_wrong(shop: Path, tmp_path: Path, before: str, after: str, message: str) -> None:
    approve(shop)
    policy = shop.parent / "policy.toml"
    assert before in policy.read_text()
    policy.write_text(policy.read_text().replace(before, after))
    with pytest.raises(StagingFailed, match=message):
        made(shop, tmp_path)


@needs_slicer
def test_another_nozzle_has_no_profile(shop: Path, tmp_path: Path) -> None:
    shop.write_text(shop.read_text().replace("tool_mm = 0.4", "tool_mm = 0.6"))
    with pytest.raises(Exception, match=r"names no file for a nozzle of 0\.6 mm: there are: 0\.4"):
        made(shop, tmp_path)


@needs_slicer
@pytest.mark.parametrize("material", ["PLA\npost_process = x", "[printer_model]", "../PLA", "{if 1}M997{endif}", ""])
def test_a_material_that_is_no_material(shop: Path, tmp_path: Path, material: str) -> None:
    approve(shop)
    with pytest.raises(BadConfig, match="it is none that is known by itself"):
        made(shop, tmp_path, material=material)
    assert not (tmp_path / "program.gcode").exists()


@needs_slicer
@pytest.mark.parametrize(
    "recipe", [Recipe(layer_mm=1e9), Recipe(perimeters=0), Recipe(infill=-0.1), Recipe(layer_mm=1e-9)]
)
def test_an_orders_recipe_stays_within_the_nozzle(shop: Path, tmp_path: Path, recipe: Recipe) -> None:
    approve(shop)
    with pytest.raises(BadLimits):
        made(shop, tmp_path, recipe=recipe)


@needs_slicer
@pytest.mark.parametrize(
    "name", ["x\n; llagar 0 start_gcode begins\nPRINT_START", "{M997}[temperature]", "PRINT_START\r\nM997"]
)
def test_an_orders_part_names_touch_no_block(shop: Path, tmp_path: Path, name: str) -> None:
    approve(shop)
    plain = made(shop, tmp_path).program
    named = made(shop, tmp_path, name=name).program
    assert plain is not None
    assert named is not None
    assert named.blocks == plain.blocks
    commands = [line.partition(";")[0].strip() for line in Path(named.path).read_text().splitlines()]
    assert commands.count("PRINT_START BED=60 EXTRUDER=215") == 1
    assert not any("M997" in command for command in commands)


# What the streamer checks -------------------------------------------------------------------------


@pytest.fixture
def staged(shop: Path, tmp_path: Path) -> tuple[Path, Program]:
    approve(shop)
    program = made(shop, tmp_path).program
    assert program is not None
    return shop, program


@needs_slicer
def test_the_streamer_judges_with_the_same_blocks(staged: tuple[Path, Program]) -> None:
    path, program = staged
    config = load_config(path)
    limits = machine_limits(config, load_policy(config), "printer")
    loaded = load_program(Path(program.path), program.sha256, limits, None, as_spans(program.blocks))
    assert [loaded.checker.feed(line) for line in loaded.lines] == [None] * len(loaded.lines)
    with pytest.raises(ProgramRefused, match="PRINT_START is not on"):
        load_program(Path(program.path), program.sha256, limits, None)
    ((first, last),) = program.blocks[0].lines
    moved = replace(program.blocks[0], lines=((first + 1, last + 1),))
    with pytest.raises(ProgramRefused, match="PRINT_START is not on"):
        load_program(Path(program.path), program.sha256, limits, None, as_spans((moved, program.blocks[1])))
    with pytest.raises(ProgramRefused, match="blocks are wrong"):
        load_program(Path(program.path), program.sha256, limits, None, as_spans((program.blocks[0],) * 2))


@needs_slicer
def test_what_was_approved_must_still_be_when_it_starts(staged: tuple[Path, Program]) -> None:
    path, program = staged
    config = load_config(path)
    limits = machine_limits(config, load_policy(config), "printer")
    approvals = approvals_for(load_policy(config).blocks, "printer")
    assert why_not(program.blocks, approvals, limits) == ""
    assert "is not approved in policy.toml" in why_not(program.blocks, approvals[1:], limits)
    more = replace(program.blocks[0], words=("M997", "PRINT_START"))
    assert "approved otherwise" in why_not((more,), approvals, limits)
    hotter = replace(program.blocks[0], effects=replace(program.blocks[0].effects, hotend_c=300.0))
    assert "leaves the hotend at 300 °C" in why_not((hotter,), approvals, limits)
    assert approvals_for(load_policy(config).blocks, "another") == ()


def test_a_record_without_blocks_is_one_of_before() -> None:
    old = '{"path": "/p", "sha256": "aa", "lines": 1, "estimate_s": 2, "material_g": 3, "made_by": "x"}'
    assert TypeAdapter(Program).validate_json(old) == Program("/p", "aa", 1, 2.0, 3.0, "x")


def test_blocks_of_a_thousand_layers_are_kept_once() -> None:
    effects = Effects(hotend_c=210.0, position_mm=(None, 1.0, None))
    start = BlockSpan(BlockKind.START, 1, 3, "0" * 64, frozenset({"A_B", "G29"}), effects)
    layers = [BlockSpan(BlockKind.LAYER, n, n, "1" * 64, frozenset({"M117"})) for n in range(10, 1010)]
    program = Program("/p", "aa", 1, 2.0, 3.0, "x", as_record((start, *layers)))
    assert len(program.blocks) == 2
    kept = TypeAdapter(Program).dump_json(program)
    assert len(kept) < 20_000
    assert as_spans(TypeAdapter(Program).validate_json(kept).blocks) == (start, *layers)


# All the way --------------------------------------------------------------------------------------


@asynccontextmanager
async def own_workshop(
    short: Path, tmp_path: Path, file: Path, *presets: str, key: str = "", **more: object
) -> AsyncIterator[tuple[Shop, FakeBroker, SimMachine]]:
    with machine(short, "m", "marlin", **more) as sim:
        async with FakeBroker(public_text(own_key(tmp_path / "data"))) as broker:
            port = sim.port.read_text().strip() if key else sim.port
            path = own_shop(tmp_path, short / "run", port, broker=broker.url, host=key)
            take_limits(path, import_profile(path, file, *presets))
            approve(path)
            async with running(path, broker) as shop:
                yield shop, broker, sim


async def printed(shop: Shop, broker: FakeBroker, tmp_path: Path) -> None:
    await offer_cubes(broker, "run1", tmp_path)
    await broker.until_state("run1", RunState.STAGED)
    await shop.set_up_printer()
    await broker.until_state("run1", RunState.FINISHED, 90)


@needs_slicer
async def test_a_plate_with_a_vendors_start_block_and_mesh_levelling(short: Path, tmp_path: Path) -> None:
    """Elegoo's Neptune 3 levels its bed by G29 and M420 S1 before each print."""
    file = VENDORS / "Elegoo.ini"
    if not file.is_file():
        pytest.skip(f"PrusaSlicer's profiles are not installed: no {file}")
    presets, volume = ("--printer", "Elegoo Neptune-3"), {"volume_mm": (300, 300, 300)}
    async with own_workshop(short, tmp_path, file, *presets, printer=volume) as (shop, broker, sim):
        await printed(shop, broker, tmp_path)
        assert sim.episodes() == 1
        program = next((tmp_path / "data" / "runs").glob("*/*/program.gcode")).read_text()
        assert "\nG29 " in program
        assert "\nM420 S1 " in program


@needs_slicer
async def test_a_plate_with_a_print_start_macro_behind_moonraker(short: Path, tmp_path: Path) -> None:
    more = {"link": "http", "host": "moonraker", "api_key": KEY, "printer": {"macros": MACROS}}
    async with own_workshop(short, tmp_path, flat_file(tmp_path), key=KEY, **more) as (shop, broker, sim):
        await printed(shop, broker, tmp_path)
        assert sim.episodes() == 1
        program = next((tmp_path / "data" / "runs").glob("*/*/program.gcode")).read_text()
        assert "\nPRINT_START BED=60 EXTRUDER=215\n" in program
