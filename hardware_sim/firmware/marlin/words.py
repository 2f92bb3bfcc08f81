"""The words of a Marlin command, read as its own parser reads them: leniently."""

import re

_WORD = re.compile(r"([A-Z])\s*([-+]?[0-9.]*)")
_NUMBER = re.compile(r"[-+]?\d*\.?\d*")


def split(command: str) -> list[str]:
    """Code and words apart, also where no blanks stand between them; `G01` becomes `G1`."""
    words = [letter + value for letter, value in _WORD.findall(command)]
    if not words:
        return [command]
    code, number = words[0][0], words[0][1:]
    words[0] = code + (str(int(number)) if number.isdigit() else number)
    return words


def value(word: str) -> float:
    """The number after the letter; what can't be read counts as 0, as strtof has it."""
    try:
        return float(word[1:])
    except ValueError:
        match = _NUMBER.match(word[1:])
        text = match.group() if match is not None else ""
        return float(text) if any(character.isdigit() for character in text) else 0.0


def read(words: list[str]) -> dict[str, float]:
    """Letter to value; a letter without number has the value 0."""
    return {word[0]: value(word) for word in words if word}
