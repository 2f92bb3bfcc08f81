"""PrusaSlicer's INI files: flat configurations and bundles of presets, as text into plain strings.

Source: PrusaSlicer 2.5 `src/libslic3r/Config.cpp` (escapes), `PresetBundle.cpp` (sections), boost's `read_ini`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from slicer_bridge.errors import BadFile

MAX_BYTES = 8_000_000
"""The largest bundle that PrusaSlicer ships has under 1 MB."""
_SECTION = re.compile(r"\[([^\[\]]+)\]")
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]*")

Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class IniFile:
    """`top`: what stands before any section, which is all of a flat file. Values are still escaped."""

    name: str
    top: Values
    sections: Mapping[str, Values]


def read_ini(data: bytes, name: str) -> IniFile:
    """Raises BadFile, naming the line: a key or section that comes twice too, as PrusaSlicer refuses it."""
    top: dict[str, str] = {}
    sections: dict[str, dict[str, str]] = {}
    here = top
    for number, line in enumerate(_text(data, name).split("\n"), 1):
        stripped = line.strip()
        if not stripped or stripped[0] in "#;":
            continue
        if stripped[0] == "[":
            title = _title(stripped, f"{name}, line {number}")
            if title in sections:
                raise BadFile(f"{name}, line {number}: section [{title}] stands there twice")
            here = sections[title] = {}
            continue
        key, value = _pair(stripped, f"{name}, line {number}")
        if key in here:
            raise BadFile(f"{name}, line {number}: {key} stands twice in its section")
        here[key] = value
    if not top and not sections:
        raise BadFile(f"{name}: no setting stands in it: export a configuration from PrusaSlicer")
    return IniFile(name, top, sections)


def _text(data: bytes, name: str) -> str:
    if len(data) > MAX_BYTES:
        raise BadFile(f"{name}: {len(data):,} bytes; a profile has under {MAX_BYTES:,}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile(f"{name}: byte {error.start} is no UTF-8: is it a PrusaSlicer configuration?") from error
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    control = re.search(r"[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029]", text)
    if control:
        line = text.count("\n", 0, control.start()) + 1
        raise BadFile(f"{name}, line {line}: a control character: is it a PrusaSlicer configuration?")
    return text


def _title(line: str, where: str) -> str:
    match = _SECTION.fullmatch(line)
    if match is None:
        raise BadFile(f"{where}: a section is written [NAME], not {line[:60]!r}")
    return match[1].strip()


def _pair(line: str, where: str) -> tuple[str, str]:
    key, equals, value = line.partition("=")
    if not equals or not _KEY.fullmatch(key.strip()):
        raise BadFile(f"{where}: settings are written key = value, not {line[:60]!r}")
    return key.strip(), value.strip()


def escaped(text: str) -> str:
    """One line for one string."""
    return text.replace("\\", "\\\\").replace("\r", "\\r").replace("\n", "\\n")


def unescaped(value: str) -> str:
    r"""`\n` and `\r` are line ends, a backslash before anything else stands for that itself."""
    return re.sub(r"\\(.)", lambda match: {"n": "\n", "r": "\r"}.get(match[1], match[1]), value)


def quoted(text: str) -> str:
    """One element of a list of strings."""
    return '"' + escaped(text).replace('"', '\\"') + '"'


def split_strings(value: str, where: str) -> tuple[str, ...]:
    """Elements of a list of strings: apart by `;`, in quotes where they hold anything special. Raises BadFile."""
    found: list[str] = []
    at = 0
    while at < len(value):
        if value[at] in " \t":
            at += 1
        elif value[at] == '"':
            match = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(?:;|$)').match(value, at)
            if match is None:
                raise BadFile(f"{where}: a quote is not closed, or something stands behind it")
            found.append(unescaped(match[1]))
            at = match.end()
        else:
            end = value.find(";", at)
            end = len(value) if end < 0 else end
            found.append(unescaped(value[at:end].strip()))
            at = end + 1
    return tuple(found)
