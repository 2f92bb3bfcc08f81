"""Errors of machines and their drivers: ours (`DriverMisuse`) and the machine's (`MachineFault`)."""


class DriverError(Exception):
    """A machine could not be driven."""


class DriverMisuse(DriverError):
    """The caller asked for what this driver or its state does not allow."""


class LineRefused(DriverError):
    """The line checker refused a line; nothing of it was sent."""

    def __init__(self, line_number: int, line: str, reason: str) -> None:
        super().__init__(f"line {line_number} refused: {reason}: {line!r}")
        self.line_number = line_number
        self.line = line
        self.reason = reason


class MachineFault(DriverError):
    """The machine or its link failed."""


class PortBusy(MachineFault):
    """The port is open elsewhere."""


class LinkLost(MachineFault):
    """The connection to the machine broke."""


class NoAnswer(MachineFault):
    """The machine kept silent for longer than its work explains."""


class FirmwareHalted(MachineFault):
    """The firmware stopped itself and needs a reset."""


class FirmwareReset(MachineFault):
    """The firmware's boot banner came in mid-run: the board restarted."""


class ResendLimit(MachineFault):
    """The firmware asked for the same line too often."""


class Alarm(MachineFault):
    """A GRBL alarm; `code` is its number, `position_lost` what it means for the position."""

    def __init__(self, code: int, meaning: str, *, position_lost: bool) -> None:
        super().__init__(f"ALARM:{code}: {meaning}")
        self.code = code
        self.position_lost = position_lost


class RejectedByFirmware(MachineFault):
    """The firmware answered a program line with an error."""
