"""What a `?` is answered with, gathered from the machine's state."""

from typing import TYPE_CHECKING

from hardware_sim.firmware.grbl import probing, reports

if TYPE_CHECKING:
    from hardware_sim.firmware.grbl.machine import Grbl


def snapshot(machine: "Grbl") -> reports.Snapshot:
    motion = machine.planner.motion(machine.now)
    place, speed = motion if motion is not None else (machine.table.believed, 0.0)
    spindle, modal, overrides = machine.table.spindle, machine.modal, machine.overrides
    accessories = {3: "S", 4: "C"}.get(spindle, "")
    accessories += ("F" if modal.flood else "") + ("M" if modal.mist else "")
    blocks = machine.planner.blocks
    return reports.Snapshot(
        state=state_name(machine),
        position=place,
        offset=machine.work_offset(),
        feed_mm_min=speed * 60.0,
        rpm=modal.rpm * overrides.spindle / 100.0 if spindle != 5 else 0.0,
        blocks_free=machine.planner.capacity - len(blocks),
        rx_free=machine.rx_free(),
        overrides=(overrides.feed, overrides.rapid, overrides.spindle),
        accessories=accessories,
        line=blocks[0].line if blocks and machine.dialect.line_numbers else 0,
        pins=("P" if probing.contact(machine, place) else "") + ("D" if machine.door_ajar() else ""),
    )


def state_name(machine: "Grbl") -> str:
    if machine.suspension is not None:
        return machine.suspension.name(machine)
    states = (
        (machine.asleep, "Sleep"),
        (machine.alarm, "Alarm"),
        (machine.check, "Check"),
        (machine.jogging, "Jog"),
    )
    for holds, name in states:
        if holds:
            return name
    return "Run" if machine.planner.blocks else "Idle"
