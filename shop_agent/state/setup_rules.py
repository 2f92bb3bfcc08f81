"""What a setup record must say before a machine may be armed with it."""

from shop_agent.errors import Refused
from shop_agent.state.memory import Memory
from shop_agent.state.records import MachineView, PlateNeeds, RunRecord, Setup, ToolLength
from shop_agent.state.spool_rules import require_spools

THICKNESS_TOLERANCE_MM = 0.3
_SAME_MM = 1e-3
_NO_NEEDS = PlateNeeds((), ())


def require_setup(memory: Memory, run: RunRecord, setup: Setup) -> None:
    """Raises Refused, naming the first thing that differs from what the plate needs."""
    machine, view = memory.facts[run.machine], memory.views[run.machine]
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
    needs = run.needs or _NO_NEEDS
    made_for_mm = needs.tool_mm or machine.tool_mm
    if abs(setup.tool_mm - made_for_mm) > _SAME_MM:
        raise Refused(f"a tool of {setup.tool_mm:g} mm is fitted, the program was made for {made_for_mm:g} mm")
    if machine.router:
        _require_sheet(needs, setup)
        _require_tool(setup)
        if not machine.attested:
            _require_zero(setup, view)
    else:
        _require_looks(needs, setup)
        require_spools(memory, run, setup)


def _require_looks(needs: PlateNeeds, setup: Setup) -> None:
    if needs.surface and setup.surface != needs.surface:
        lies = setup.surface or "no surface that was named"
        raise Refused(f"{lies} lies on the bed, the profile is for {needs.surface}: change the surface")
    if needs.colour and setup.colour != needs.colour:
        raise Refused(f"{setup.colour or 'no colour'} is loaded, the plate needs {needs.colour}: change the spool")


def _require_sheet(needs: PlateNeeds, setup: Setup) -> None:
    if setup.sheet_mm is None:
        raise Refused("measure the sheet: its width, depth and thickness are missing")
    width, depth, thickness = setup.sheet_mm
    if abs(thickness - needs.thickness_mm) > THICKNESS_TOLERANCE_MM:
        raise Refused(f"the sheet is {thickness:g} mm thick, the plate needs {needs.thickness_mm:g} mm")
    reach = needs.reach_mm
    if width + _SAME_MM < reach[0] or depth + _SAME_MM < reach[1]:
        raise Refused(f"the sheet is {width:g} × {depth:g} mm, the parts reach to {reach[0]:.0f} × {reach[1]:.0f} mm")
    if setup.clamps_clear is not True:
        raise Refused("clamps must stand outside the drawn area: move them and confirm")
    if setup.extraction_on is not True:
        raise Refused("the extraction is off: switch it on and confirm")


def _require_tool(setup: Setup) -> None:
    if setup.tool_length is None:
        ways = ", ".join(ToolLength)
        raise Refused(f"say how the length of the tool that is fitted now is known: {ways}; if it is not, touch it off")


def _require_zero(setup: Setup, view: MachineView) -> None:
    """As the machine reads it back; by hand nothing can be read."""
    if not view.homed:
        raise Refused("the machine was not homed since it began: home it, then touch off")
    if not view.zeroed:
        raise Refused("the work zero is older than the last homing: touch off again")
    if setup.tool_length is ToolLength.PROBED and not view.probed:
        raise Refused("the tool was not probed since the last homing: probe it, or say how its length is known")
    if setup.work_zero_mm is None or view.work_offset_mm is None:
        raise Refused("no work zero was read back from the machine: home it, then touch off")
    pairs = zip(setup.work_zero_mm, view.work_offset_mm, strict=True)
    if any(abs(given - read) > _SAME_MM for given, read in pairs):
        raise Refused(f"the machine's work zero is {view.work_offset_mm}, the record says {setup.work_zero_mm}")
