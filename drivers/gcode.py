"""What every G-code firmware's driver has to know of a line's text, and nothing of its meaning."""

import re

_BRACKETS = re.compile(r"\([^)]*(?:\)|$)")
_CODE = re.compile(r"([A-Za-z])\s*0*(\d+)(?:\.(\d+))?")


def without_comment(line: str) -> str:
    """The line up to its `;`, trimmed; empty for blanks and pure comments."""
    if ";" in line:
        line = line[: line.index(";")]
    return line.strip()


def without_comments(line: str) -> str:
    """As `without_comment`, and without `(…)`, which routers' firmwares take for a comment too."""
    if "(" in line:
        line = _BRACKETS.sub("", line)
    return without_comment(line)


def first_code(line: str) -> str:
    """Letter and number that a line begins with, as `G28` or `G92.1`; empty if it begins otherwise."""
    match = _CODE.match(line)
    if match is None:
        return ""
    letter, number, fraction = match.groups()
    return f"{letter.upper()}{number}.{fraction}" if fraction else f"{letter.upper()}{number}"
