"""Errors of machines and their drivers: ours (`DriverMisuse`) and the machine's (`MachineFault`)."""


class DriverError(Exception):
    """A machine could not be driven.

    What ends a run carries how the run stood: `lines_done`, and `safe`: the safe end state was sent and
    confirmed by the firmware's own answer. A halted firmware answers nothing, so `safe` is False after it.
    """

    safe: bool = False
    lines_done: int = 0


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


class NotReady(MachineFault):
    """The machine can't take a program now; nothing of it was sent."""


class HostRefused(MachineFault):
    """The machine's host answered that it won't: a wrong key, or a state in which it can't.

    `status` is HTTP's, or 0.
    """

    def __init__(self, text: str, *, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


class UploadFailed(MachineFault):
    """The machine's host does not hold the program as it was sent; it was not started."""


class OtherJob(MachineFault):
    """Somebody else's job is on the machine; it was left alone."""


class JobFailed(MachineFault):
    """The machine's host tells that the job failed, or can't tell what became of it."""


class FirmwareHalted(MachineFault):
    """The firmware stopped, by itself or by `stop_now`, and needs a reset or homing."""


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
    """The firmware answered a line with an error; `line_number` is 0 for lines of the driver's own."""

    def __init__(self, answer: str, *, line_number: int = 0, line: str = "") -> None:
        super().__init__(f"{answer}, to line {line_number}: {line!r}" if line else answer)
        self.answer = answer
        self.line_number = line_number
        self.line = line
