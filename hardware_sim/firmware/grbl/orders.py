"""What realtime bytes and the door do. Source: Grbl 1.1h serial.c, protocol.c protocol_exec_rt_system()."""

from math import inf
from typing import TYPE_CHECKING

from hardware_sim.firmware.grbl import realtime
from hardware_sim.firmware.grbl.suspend import Suspension

if TYPE_CHECKING:
    from hardware_sim.firmware.grbl.machine import Grbl


def act(machine: "Grbl", command: int) -> None:
    if command == realtime.RESET:
        if machine.locks_at == inf:
            machine.soft_reset()
    elif machine.critical:
        return
    elif command == realtime.STATUS:
        machine.ask_status()
    elif command == realtime.FEED_HOLD:
        suspend(machine, door=False)
    elif command == realtime.DOOR:
        suspend(machine, door=True)
    elif command == realtime.CYCLE_START:
        if machine.suspension is not None:
            machine.suspension.resume(machine)
    else:
        _act_rarely(machine, command)


def _act_rarely(machine: "Grbl", command: int) -> None:
    if command == realtime.JOG_CANCEL:
        if machine.jogging:
            cancel_jog(machine)
    elif command == realtime.SPINDLE_STOP:
        if machine.suspension is not None:
            machine.suspension.toggle_spindle(machine)
            machine.status.overrides_in = 0
    elif command == realtime.FLOOD:
        if not (machine.alarm or machine.check):
            machine.modal.flood = not machine.modal.flood
            machine.status.overrides_in = 0
    elif machine.overrides.act(command):
        machine.status.overrides_in = 0


def suspend(machine: "Grbl", *, door: bool) -> None:
    """Feed hold or safety door; in a jog either ends the jog."""
    if machine.alarm or machine.check or machine.asleep:
        return
    if machine.homing:
        if door:
            machine.raise_alarm(7, "door opened while homing")
        return
    if door:
        machine.out += machine.dialect.say(machine.dialect.check_door)
    if machine.jogging:
        cancel_jog(machine)
        if not door:
            return
    if machine.suspension is not None:
        if door:
            machine.suspension.open_door(machine)
    else:
        machine.suspension = Suspension.begin(machine, door=door)
    machine.retime()


def cancel_jog(machine: "Grbl") -> None:
    """The jog slows down at once; what was queued of it is forgotten."""
    if machine.jog_ends_at < inf:
        return
    rest = machine.planner.hold(machine.now)
    if rest.done is not None:
        machine.table.done(rest.done, machine.now)
    machine.stop_motion()
    machine.jog_ends_at = rest.at
    machine.retime()


def end_jog(machine: "Grbl") -> None:
    """It has come to rest. A jog that was waiting for room begins now, as in Grbl."""
    machine.jogging = False
    machine.jog_ends_at = inf
    machine.reader.go_on()
