"""What GRBL's numbers mean: gnea/grbl 1.1 `doc/csv/{alarm,error}_codes_en_US.csv`; alarms over 9 are grblHAL's."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AlarmMeaning:
    text: str
    position_lost: bool


ALARMS = {
    1: AlarmMeaning("hard limit: a switch was hit, the position is likely lost; home again", True),
    2: AlarmMeaning("soft limit: the target is outside the travel; the position is kept", False),
    3: AlarmMeaning("reset in motion: steps are likely lost; home again", True),
    4: AlarmMeaning("probe: not in its expected state before the cycle", False),
    5: AlarmMeaning("probe: no contact within the travel", False),
    6: AlarmMeaning("homing: reset during the cycle", True),
    7: AlarmMeaning("homing: the safety door was opened", True),
    8: AlarmMeaning("homing: the switch did not clear by pulling off", True),
    9: AlarmMeaning("homing: no switch found within the search distance", True),
    10: AlarmMeaning("homing: the second switch of an axis failed", True),
    11: AlarmMeaning("the machine must be homed first", True),
    12: AlarmMeaning("a limit switch is engaged; home again", True),
    13: AlarmMeaning("probe protection was triggered", False),
    14: AlarmMeaning("the spindle did not reach its speed in time", False),
}
UNKNOWN_ALARM = AlarmMeaning("an alarm that this driver doesn't know", True)

ERRORS = {
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
