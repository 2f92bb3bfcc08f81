"""What a task shows of its run: what the plate wants, and what the shop has for it."""

from dataclasses import asdict

from broker.wire.states import RunState
from shop_agent.bench import schemas
from shop_agent.bench.shelf import spool_view
from shop_agent.state.memory import Memory
from shop_agent.state.records import PlateNeeds, RunRecord
from shop_agent.state.spool_rules import in_stock
from shop_agent.state.tasks import label


def run_fields(run: RunRecord, memory: Memory) -> dict[str, object]:
    """Fields of a `TaskView`."""
    program = run.program
    spools = sorted(in_stock(memory, run.material), key=lambda spool: spool.machine != run.machine)
    return {
        "run": run.id,
        "label": label(run.id),
        "state": RunState(run.phase).value,
        "material": run.material,
        "plate_sha256": run.plate_sha256,
        "estimate_s": program.estimate_s if program else None,
        "material_g": program.material_g if program else None,
        "spools": tuple(spool_view(spool) for spool in spools),
        "expected": tuple(schemas.Expected(lot=lot, pieces=pieces) for lot, pieces in run.left().items()),
        **(_needs(run.needs) if run.needs else {}),
    }


def _needs(needs: PlateNeeds) -> dict[str, object]:
    return {
        "thickness_mm": needs.thickness_mm,
        "parts": needs.parts,
        "colour": needs.colour,
        "surface": needs.surface,
        "reach_mm": needs.reach_mm,
        "keep_out": tuple(schemas.Zone.model_validate(asdict(zone)) for zone in needs.keep_out),
        **({"tool_mm": needs.tool_mm} if needs.tool_mm else {}),
    }
