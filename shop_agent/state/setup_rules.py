"""What a setup record must say before a machine may be armed with it."""

from shop_agent.errors import Refused
from shop_agent.state.records import MachineFacts, MachineView, RunRecord, Setup

THICKNESS_TOLERANCE_MM = 0.3
_SAME_MM = 1e-3


def require_setup(run: RunRecord, setup: Setup, machine: MachineFacts, view: MachineView) -> None:
    """Raises Refused, naming the first thing that differs from what the plate needs."""
    if not setup.operator.strip():
        raise Refused("say who set it up: the operator's name is missing")
    if not view.ready:
        raise Refused(f"{machine.name} is not ready: {view.reason or 'it has said nothing yet'}")
    if setup.boot_id != view.boot_id:
        raise Refused(f"{machine.name} was restarted, homed or zeroed meanwhile: look again")
    if not setup.bed_clear:
        raise Refused("the bed is not clear: clear it and confirm again")
    if setup.material != run.material:
        raise Refused(f"{setup.material} is loaded, the plate needs {run.material}: change it")
    if abs(setup.tool_mm - machine.tool_mm) > _SAME_MM:
        raise Refused(f"a tool of {setup.tool_mm:g} mm is fitted, the program was made for {machine.tool_mm:g} mm")
    if machine.router:
        _require_sheet(run, setup)
        if not machine.attested:
            _require_zero(setup, view)


def _require_sheet(run: RunRecord, setup: Setup) -> None:
    needed = run.needs.thickness_mm if run.needs else 0.0
    if setup.sheet_mm is None:
        raise Refused("measure the sheet: its width, depth and thickness are missing")
    if abs(setup.sheet_mm[2] - needed) > THICKNESS_TOLERANCE_MM:
        raise Refused(f"the sheet is {setup.sheet_mm[2]:g} mm thick, the plate needs {needed:g} mm")
    if setup.clamps_clear is not True:
        raise Refused("clamps must stand outside the drawn area: move them and confirm")
    if setup.extraction_on is not True:
        raise Refused("the extraction is off: switch it on and confirm")


def _require_zero(setup: Setup, view: MachineView) -> None:
    """As the machine reads it back; by hand nothing can be read."""
    if setup.work_zero_mm is None or view.work_offset_mm is None:
        raise Refused("no work zero was read back from the machine: home it, then touch off")
    pairs = zip(setup.work_zero_mm, view.work_offset_mm, strict=True)
    if any(abs(given - read) > _SAME_MM for given, read in pairs):
        raise Refused(f"the machine's work zero is {view.work_offset_mm}, the record says {setup.work_zero_mm}")


def require_counts(run: RunRecord, counts: tuple[tuple[str, int], ...], *, exact: bool) -> None:
    """`counts`: lot and good + scrap. Raises Refused unless they are what the plate holds (at most, unless `exact`)."""
    held = dict(run.needs.pieces) if run.needs else {}
    given = dict(counts)
    if len(given) != len(counts):
        raise Refused("a lot is counted twice")
    foreign = sorted(set(given) - set(held))
    if foreign:
        raise Refused(f"no piece of {', '.join(foreign)} is on this plate")
    for lot, pieces in held.items():
        total = given.get(lot, 0)
        if total > pieces or (exact and total != pieces):
            raise Refused(f"lot {lot}: good + scrap is {total}, the plate holds {pieces}")
