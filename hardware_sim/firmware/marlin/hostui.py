"""`//action:` lines and host prompts. Source: Marlin 2.1 feature/host_actions.cpp, host_actions.h."""

from enum import Enum


class Reason(Enum):
    """What the prompt that was last shown asks for."""

    NONE = "nothing"
    FILAMENT_RUNOUT = "purge more, or go on"
    USER_CONTINUE = "go on"
    PAUSE_RESUME = "resume what the display paused"
    INFO = "nothing but to be read"


class HostUI:
    """Says nothing where the firmware was built without HOST_ACTION_COMMANDS, HOST_PROMPT_SUPPORT."""

    def __init__(self, out: bytearray, *, actions: bool, prompts: bool) -> None:
        self.reason = Reason.NONE
        self._out = out
        self._actions = actions
        self._prompts = prompts

    def action(self, words: str) -> None:
        if self._actions:
            self._out += f"//action:{words}\n".encode("latin-1", "replace")

    def ask(self, reason: Reason, title: str, *buttons: str) -> None:
        """A prompt in the place of the one before it."""
        if not self._prompts:
            return
        self.end()
        self.reason = reason
        self.action(f"prompt_begin {title}")
        for button in buttons:
            self.action(f"prompt_button {button}")
        self.action("prompt_show")

    def ask_to_continue(self, title: str) -> None:
        self.ask(Reason.USER_CONTINUE, title, "Continue")

    def tell(self, title: str) -> None:
        """Only where no prompt waits for its answer."""
        if self.reason is Reason.NONE:
            self.ask(Reason.INFO, title, "Dismiss")

    def tell_paused(self) -> None:
        """The display paused the print; likewise."""
        if self.reason is Reason.NONE:
            self.ask(Reason.PAUSE_RESUME, "UI Pause", "Resume")

    def end(self) -> None:
        """Takes the prompt away; its reason stays until it is answered."""
        if self._prompts:
            self.action("prompt_end")

    def answered(self) -> Reason:
        """M876: which prompt was meant. Only one answer is taken."""
        reason, self.reason = self.reason, Reason.NONE
        return reason
