"""What a person does to a printer's host: commands of the control socket, beside those to the machine itself."""

from enum import StrEnum
from typing import Literal, Protocol, assert_never

from pydantic import BaseModel, ConfigDict


class Button(StrEnum):
    """On the host's own screen."""

    PRINT = "print"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"


class _Command(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Press(_Command):
    """Somebody presses a button at the screen: no business of whoever talks to the host."""

    command: Literal["press"]
    button: Button
    file: str = ""
    """For `print`: name of a file on the host."""
    program: str | None = None
    """For `print`: what that file is to hold, as if it had come on a stick."""


class HangHost(_Command):
    """The host answers nothing and does nothing, until it is restarted; the board goes on with what it has."""

    command: Literal["hang_host"]


class RestartHost(_Command):
    """Power off and on: what was in its memory is gone, its files stay."""

    command: Literal["restart_host"]


class UnplugSerial(_Command):
    """The cable between host and board comes off; `unplug` takes off the host's network."""

    command: Literal["unplug_serial"]


class PlugSerial(_Command):
    """And goes back on."""

    command: Literal["plug_serial"]


HostCommand = Press | HangHost | RestartHost | UnplugSerial | PlugSerial


class ButtonRefused(Exception):
    """The host doesn't offer that now; the message says why."""


class Hands(Protocol):
    """Where a person reaches a host."""

    def plug(self) -> None: ...

    def unplug(self) -> None: ...

    def hang(self) -> None: ...

    def restart(self) -> None: ...

    def press(self, button: Button, file: str, program: str | None) -> None:
        """Raises ButtonRefused."""
        ...


def obey(command: Press | HangHost | RestartHost, hands: Hands) -> None:
    match command:
        case Press(button=button, file=file, program=program):
            hands.press(button, file, program)
        case HangHost():
            hands.hang()
        case RestartHost():
            hands.restart()
        case _:
            assert_never(command)
