"""What a machine's reported state means to somebody who wants it to work."""

from drivers.grbl.reports import Report

_REASONS = {
    "Hold": "held at the machine",
    "Run": "the machine moves",
    "Jog": "the machine is jogged",
    "Home": "the machine is homing",
    "Check": "the firmware is in check mode",
    "Sleep": "the firmware sleeps: home first",
    "Tool": "the firmware waits for a tool change at the machine",
}
_DOORS = {
    0: "the safety door is closed again, and waits for cycle start",
    1: "the safety door is open",
    2: "the safety door was opened: the machine is coming to a halt",
}


def why_not_ready(report: Report, *, homing: bool) -> str:
    """Why no program can start in this state; empty if it can. `homing`: the machine has a homing cycle."""
    state = report.state
    if state == "Idle":
        return ""
    if state == "Alarm":
        return "alarm: home first" if homing else "alarm, and no homing: look at the machine, then switch it off and on"
    if state == "Door":
        return _DOORS.get(report.sub or 0, "the spindle comes back after the safety door")
    return _REASONS.get(state, f"the machine is in state {state or 'unknown'}")
