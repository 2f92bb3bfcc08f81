"""What an extruding move leaves behind: filament on the bed, on an older piece, or in the air."""

from typing import TYPE_CHECKING

from hardware_sim.faults import Fault, FaultKind
from hardware_sim.firmware import breakdown
from hardware_sim.firmware.islands import lose_island
from hardware_sim.firmware.marlin import pausing
from hardware_sim.firmware.marlin.motion import HOT_C
from hardware_sim.firmware.planner import Block
from hardware_sim.firmware.witness import Everywhere

if TYPE_CHECKING:
    from hardware_sim.firmware.marlin.machine import Marlin


def moved(machine: "Marlin", block: Block) -> None:
    """A block with filament has been driven."""
    feed, given_mm = machine.feed, block.filament_mm
    if given_mm < feed.spool.left_mm and not feed.jammed:
        # The hot path: most filament comes from a spool that has enough of it.
        feed.spool.left_mm -= given_mm
    else:
        given_mm = _scarce(machine, given_mm)
    begin, end = block.begin, block.end
    if (
        given_mm > 0.0
        and (begin[0] != end[0] or begin[1] != end[1])
        and machine.hotend.temperature(machine.now) >= HOT_C
    ):
        machine.witness.deposit(begin[0], begin[1], end[0], end[1], end[2], given_mm, machine.now)


def _scarce(machine: "Marlin", asked_mm: float) -> float:
    """A jam, or the spool's end: how much comes out."""
    given_mm = machine.feed.turn(asked_mm)
    if given_mm < asked_mm:
        machine.witness.counters.air_printed_mm += asked_mm - given_mm
    if machine.feed.out:
        pausing.check_runout(machine)
    return given_mm


def apply(machine: "Marlin", fault: Fault) -> None:
    """A fault's moment has come."""
    machine.witness.note("fault", machine.now, kind=fault.kind.value)
    if breakdown.apply(machine, fault):
        return
    match fault.kind:
        case FaultKind.THERMAL_RUNAWAY:
            machine.hotend.fail(machine.now)
        case FaultKind.JAM:
            machine.feed.jammed = True
        case FaultKind.FILAMENT_OUT:
            machine.feed.spool.left_mm = 0.0
            pausing.check_runout(machine)
        case FaultKind.FIRST_LAYER_LOST:
            machine.witness.losses.append(Everywhere())
        case FaultKind.DETACH:
            lost = lose_island(machine.witness.first_layer, machine.config.volume_mm[:2], fault.island)
            if lost is not None:
                machine.witness.losses.append(lost)
        case FaultKind.HARD_LIMIT:
            _endstop_hit(machine)
        case _:
            raise ValueError(f"{fault.kind}: no fault of a printer")


def _endstop_hit(machine: "Marlin") -> None:
    """ENDSTOPS_ALWAYS_ON: the move under way ends where it is, and the next one begins. Source: endstops.cpp."""
    blocks = machine.planner.blocks
    if not blocks:
        return
    unit = blocks[0].unit
    axis = max(range(3), key=lambda index: abs(unit[index]))
    done, place = machine.planner.break_off(machine.now)
    machine.out += f"echo:endstops hit:  {'XYZ'[axis]}:{place[axis]:.2f}\n".encode()
    machine.block_done(done)
