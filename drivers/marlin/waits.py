"""What a printer waits for a person to do, and how a host answers for that person.

Pure: told what the firmware says, it tells why the machine is held and what ends that. Source: Marlin 2.1
`host_actions.cpp`, `M876.cpp`, `M0_M1.cpp`, `pause.cpp`, `runout.cpp`, `e_parser.cpp`.

Which button `resume` presses: the one that says to go on, wherever it stands; the only one, whatever it says (as
"Reheat"); and "DisableRunout", which is how Marlin's filament change ends after a runout, always followed by M412 S1,
which puts the sensor on guard again. Never "PurgeMore", and never a guess between others: those are answered at the
machine.
"""

from dataclasses import dataclass

from drivers.marlin.answers import Action, Busy

GO_ON = frozenset({"continue", "resume", "ok", "yes", "done", "proceed"})
READ = frozenset({"dismiss", "close"})
"""Buttons of what is told, not asked."""
SENSOR_OFF = "disablerunout"
SENSOR_ON = "M412 S1"
_PAUSING = frozenset({"pause", "paused", "out_of_filament", "filament_runout"})
_GOING_ON = frozenset({"resume", "resumed"})


@dataclass(frozen=True, slots=True)
class Prompt:
    text: str
    buttons: tuple[str, ...] = ()
    shown: bool = False

    @property
    def asks(self) -> bool:
        return self.shown and any(button.lower() not in READ for button in self.buttons)

    def __str__(self) -> str:
        return f"{self.text} [{', '.join(self.buttons)}]"

    def choice(self) -> int | None:
        """The button that goes on; None: that is not for a host to choose."""
        labels = [button.lower() for button in self.buttons]
        asked = [n for n, label in enumerate(labels) if label not in READ]
        wanted = [n for n in asked if labels[n] in GO_ON] or [n for n in asked if labels[n] == SENSOR_OFF]
        if wanted:
            return wanted[0]
        return asked[0] if len(asked) == 1 and "purge" not in labels[asked[0]] else None


@dataclass(frozen=True, slots=True)
class Reply:
    """`at_once` goes past the queue, without a number; `then` follows in its turn."""

    at_once: str = ""
    then: str = ""


class Waits:
    def __init__(self) -> None:
        self.prompt: Prompt | None = None
        self.message = ""
        """The firmware's last notification."""
        self._paused = ""
        """Why it told its host to pause."""
        self._blocked = ""
        """What a command says that waits for a person."""
        self._answered = False

    @property
    def blocked(self) -> bool:
        """A command is under way that waits for a person, or was just answered."""
        return bool(self._blocked) or self._answered

    @property
    def insists(self) -> bool:
        """A command waits, answered or not."""
        return bool(self._blocked)

    @property
    def pauses(self) -> bool:
        """The host is not to send anything of its program."""
        return bool(self._paused)

    @property
    def reason(self) -> str | None:
        """Why the machine is held; None: it isn't."""
        asked = str(self.prompt) if self.prompt is not None and self.prompt.asks else ""
        return ": ".join(dict.fromkeys(filter(None, (self._paused, self._blocked, asked)))) or None

    @property
    def question(self) -> str:
        return str(self.prompt) if self.prompt is not None and self.prompt.asks else ""

    def heard_busy(self, busy: Busy, command: str) -> None:
        """`command` is what the firmware works on."""
        waits = "paused for" in busy.doing
        self._blocked = f"{command} waits for a person".lstrip() if waits else ""

    def acknowledged(self) -> None:
        """Some line was: no command waits any more. What was answered goes on, even if "resumed" was lost."""
        self._blocked = ""
        if self._answered:
            self._paused, self._answered = "", False

    def heard(self, action: Action) -> None:
        """Of `start`, `cancel` and `kill` the driver takes care."""
        word, text = action.word, action.text
        match word:
            case "prompt_begin":
                self.prompt = Prompt(text)
            case "prompt_button" | "prompt_choice" if self.prompt is not None:
                self.prompt = Prompt(self.prompt.text, (*self.prompt.buttons, text))
            case "prompt_show" if self.prompt is not None:
                self.prompt = Prompt(self.prompt.text, self.prompt.buttons, shown=True)
            case "prompt_end":
                self.prompt = None
            case "notification":
                self.message = text
            case _ if word in _PAUSING:
                told = text if word.startswith("pause") else f"{word} {text}".rstrip()
                self._paused = f"the machine pauses: {told}" if told else self._paused or "the machine pauses"
            case _ if word in _GOING_ON:
                self._paused = self._blocked = ""
                self._answered = False
            case _:
                pass

    def answer(self, *, emergency_parser: bool) -> Reply:
        """What a person's "go on" is to the firmware.

        M876 reaches a command that waits only through an emergency parser; M108 is heeded without one too, where the
        firmware has a display.
        """
        prompt = self.prompt if self.prompt is not None and self.prompt.asks else None
        if prompt is not None and (emergency_parser or not self._blocked):
            return self._press(prompt)
        if self._blocked:
            self._blocked, self._answered = "", True
            return Reply(at_once="M108")
        self._paused = ""
        return Reply()

    def _press(self, prompt: Prompt) -> Reply:
        number = prompt.choice()
        if number is None:
            return Reply()
        self.prompt = None
        if self._blocked:
            self._blocked, self._answered = "", True
        else:
            self._paused = ""
        then = SENSOR_ON if prompt.buttons[number].lower() == SENSOR_OFF else ""
        return Reply(at_once=f"M876 S{number}", then=then)

    def over(self) -> None:
        """The run has ended: whatever was waited for, isn't any more."""
        self.prompt, self._paused, self._blocked, self._answered = None, "", "", False
