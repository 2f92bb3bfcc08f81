"""G-code as Klipper reads it: traditional commands with letters, extended ones with NAME=value.

Source: klippy/gcode.py (GCodeCommand, _get_extended_params), docs/G-Codes.md.
"""

import re
import shlex
from dataclasses import dataclass

_WORD = re.compile(r"([A-Z])\s*([-+]?[0-9.]*)")


class GcodeError(Exception):
    """A command that Klipper refuses; in a print it ends the print."""


@dataclass(frozen=True, slots=True)
class Command:
    name: str
    text: str
    """The line without comment and line number."""
    parameters: dict[str, str]

    def text_of(self, key: str) -> str:
        """Raises GcodeError where it is missing."""
        if key not in self.parameters:
            raise GcodeError(f"Error on '{self.text}': missing {key}")
        return self.parameters[key]

    def number(self, key: str, default: float | None = None) -> float:
        """Raises GcodeError where it is missing without a default, or no number."""
        if key not in self.parameters and default is not None:
            return default
        try:
            return float(self.text_of(key))
        except ValueError as error:
            raise GcodeError(f"Error on '{self.text}': unable to parse {self.parameters[key]}") from error


def parsed(line: str) -> Command | None:
    """None for blank lines and comments. Raises GcodeError for a malformed extended command."""
    text = line.split(";", 1)[0].strip()
    if not text:
        return None
    name, _, rest = text.partition(" ")
    name = name.upper()
    if name[:1] in "GMT" and name[1:2].isdigit():
        words = _WORD.findall(text.upper())
        code, number = words[0]
        return Command(code + _canonical(number), text, dict(words[1:]))
    return Command(name, text, _extended(text, rest))


def _canonical(number: str) -> str:
    """`01` as `1`, `92.1` as it is."""
    return str(int(number)) if number.isdigit() else number


def _extended(text: str, rest: str) -> dict[str, str]:
    try:
        pairs = [word.split("=", 1) for word in shlex.split(rest)]
        return {key.upper(): value for key, value in pairs}
    except ValueError as error:
        raise GcodeError(f"Malformed command '{text}'") from error
