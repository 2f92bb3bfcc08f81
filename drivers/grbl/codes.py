"""What GRBL's numbers mean; from alarm 10 and error 39 on, each firmware has a list of its own.

Sources: gnea/grbl 1.1 `doc/csv/{alarm,error}_codes_en_US.csv`; grblHAL core `alarms.c`, `errors.c`; FluidNC `Alarm.h`,
`Error.cpp`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from drivers.grbl.firmware import Flavour


@dataclass(frozen=True, slots=True)
class AlarmMeaning:
    text: str
    position_lost: bool


_COMMON_ALARMS = {
    1: AlarmMeaning("hard limit: a switch was hit, the position is likely lost; home again", True),
    2: AlarmMeaning("soft limit: the target is outside the travel; the position is kept", False),
    3: AlarmMeaning("reset in motion: steps are likely lost; home again", True),
    4: AlarmMeaning("probe: not in its expected state before the cycle", False),
    5: AlarmMeaning("probe: no contact within the travel", False),
    6: AlarmMeaning("homing: reset during the cycle", True),
    7: AlarmMeaning("homing: the safety door was opened", True),
    8: AlarmMeaning("homing: the switch did not clear by pulling off", True),
    9: AlarmMeaning("homing: no switch found within the search distance", True),
}
_ALARMS_OF: Mapping[Flavour, Mapping[int, AlarmMeaning]] = {
    Flavour.GRBL: {
        10: AlarmMeaning("homing: the second switch of an axis was not found", True),
    },
    Flavour.GRBLHAL: {
        10: AlarmMeaning("emergency stop: clear it, then home again", True),
        11: AlarmMeaning("the machine must be homed first", True),
        12: AlarmMeaning("a limit switch is engaged: move off it, then home again", True),
        13: AlarmMeaning("the probe's protection was triggered", False),
        14: AlarmMeaning("the spindle did not reach its speed in time", False),
        15: AlarmMeaning("homing: the second switch of an axis was not found", True),
        16: AlarmMeaning("the self-test at power-on failed", True),
        17: AlarmMeaning("a motor or its driver reports a fault", True),
        18: AlarmMeaning("homing: its settings contradict each other", True),
        19: AlarmMeaning("the spindle's Modbus does not answer", False),
        20: AlarmMeaning("an expander of its inputs and outputs does not answer", True),
        21: AlarmMeaning("its settings memory failed", True),
        22: AlarmMeaning("a buffer ran over", True),
    },
    Flavour.FLUIDNC: {
        10: AlarmMeaning("the spindle can't be controlled", False),
        11: AlarmMeaning("an input was active at start", True),
        12: AlarmMeaning("homing: two switches share an input, and one is engaged", True),
        13: AlarmMeaning("hard stop: a fault or emergency input was triggered", True),
        14: AlarmMeaning("the machine must be homed first", True),
        15: AlarmMeaning("it has just started: home first", True),
        16: AlarmMeaning("an expander of its inputs and outputs was reset", True),
        17: AlarmMeaning("a program was stopped by an error in it", False),
        18: AlarmMeaning("probe: a limit switch was hit", True),
    },
}
UNKNOWN_ALARM = AlarmMeaning("an alarm that this driver doesn't know", True)

_COMMON_ERRORS = {
    1: "a word without its letter",
    2: "a number that is none",
    3: "unknown $ command",
    4: "negative where it must not be",
    5: "homing is switched off by the settings",
    6: "step pulse too short",
    7: "its EEPROM could not be read; defaults are in force",
    8: "$ command while it is not idle",
    9: "locked by an alarm or a jog: home first",
    10: "soft limits need homing",
    11: "line too long",
    12: "step rate over what it can do",
    13: "the safety door is open",
    14: "line too long for its EEPROM",
    15: "jog outside the travel",
    16: "jog without = or with a forbidden word",
    17: "laser mode needs a PWM spindle",
    20: "unsupported or invalid word",
    21: "more than one command of a modal group",
    22: "no feed rate set yet",
    23: "needs a whole number",
    24: "two commands that both use the axis words",
    25: "a word twice",
    26: "needs axis words",
    27: "line number out of range",
    28: "a value word is missing",
    29: "no such work coordinate system",
    30: "G53 needs G0 or G1",
    31: "axis words without a command for them",
    32: "an arc without axis words in its plane",
    33: "the target can't be reached by this arc or probe",
    34: "the arc's radius can't be computed",
    35: "an arc without its offsets",
    36: "value words that nothing uses",
    37: "tool length offset on another axis than configured",
    38: "tool number too high",
}

_ERRORS_OF: Mapping[Flavour, Mapping[int, str]] = {
    Flavour.GRBL: {},
    Flavour.GRBLHAL: {
        18: "it was reset",
        19: "zero or less where it must be more",
        39: "a value out of range",
        40: "not while a tool change is under way",
        41: "the spindle does not turn",
        42: "not in this plane",
        43: "over the highest feed rate",
        44: "spindle speed out of range",
        45: "a limit switch is engaged: only homing works",
        46: "home first",
        47: "the tool in the spindle is unknown",
        48: "value words that contradict each other",
        49: "the self-test at power-on failed",
        50: "the emergency stop is active",
        51: "a motor or its driver reports a fault",
        52: "a setting's value is out of range",
        53: "no such setting here",
        54: "the retract position is below the hole's bottom",
        55: "two squared axes can't be homed at once",
        56: "the coordinate system is locked",
        79: "not while a critical alarm stands",
        90: "cutter compensation is on already",
        91: "not under cutter compensation",
        92: "cutter compensation can't follow this move",
    },
    Flavour.FLUIDNC: {
        18: "no homing cycle is configured",
        19: "single axes can't be homed",
        38: "a value is too high",
        39: "a P value is too high",
        40: "an input was active at start: check switches",
        113: "it was reset",
        120: "another interface is busy",
        152: "its configuration is invalid: see its messages at boot",
        181: "a word with an impossible value",
    },
}


def alarm(code: int, flavour: Flavour) -> AlarmMeaning:
    return _COMMON_ALARMS.get(code) or _ALARMS_OF[flavour].get(code, UNKNOWN_ALARM)


def error(code: int, flavour: Flavour) -> str:
    return _ERRORS_OF[flavour].get(code) or _COMMON_ERRORS.get(code, "unknown to this driver")
