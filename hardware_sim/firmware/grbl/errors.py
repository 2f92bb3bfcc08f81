"""Grbl 1.1 error codes that this firmware gives. Source: doc/csv/error_codes_en_US.csv."""

from enum import IntEnum


class Code(IntEnum):
    EXPECTED_LETTER = 1
    BAD_NUMBER = 2
    UNKNOWN_SYSTEM_COMMAND = 3
    NEGATIVE_VALUE = 4
    HOMING_OFF = 5
    NOT_IDLE = 8
    LOCKED = 9
    SOFT_LIMIT_NEEDS_HOMING = 10
    LINE_TOO_LONG = 11
    CHECK_DOOR = 13
    JOG_BEYOND_TRAVEL = 15
    BAD_JOG = 16
    UNSUPPORTED = 20
    SAME_GROUP = 21
    NO_FEED = 22
    NOT_INTEGER = 23
    TWO_AXIS_COMMANDS = 24
    REPEATED_WORD = 25
    NO_AXIS_WORDS = 26
    BAD_LINE_NUMBER = 27
    MISSING_VALUE = 28
    WCS_UNSUPPORTED = 29
    G53_NEEDS_G0_G1 = 30
    AXIS_WORDS_UNUSED = 31
    NO_AXIS_IN_PLANE = 32
    BAD_ARC = 33
    BAD_RADIUS = 34
    NO_OFFSETS = 35
    UNUSED_WORDS = 36
    TOOL_LENGTH_AXIS = 37
    TOOL_TOO_LARGE = 38


class GrblError(Exception):
    """A line was refused; its answer is `error:<code>`."""

    def __init__(self, code: Code) -> None:
        super().__init__(f"error:{code.value}")
        self.code = code
