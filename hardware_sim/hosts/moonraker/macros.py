"""Klipper's [gcode_macro NAME]: lines that one command stands for.

Source: docs/Command_Templates.md, klippy/extras/gcode_macro.py. Of the templates only `{params.NAME}` is known here.
"""

import re
from collections.abc import Iterator, Mapping

from hardware_sim.hosts.moonraker.gcode import Command

_PARAMETER = re.compile(r"\{\s*params\.(\w+)\s*\}")

Macros = Mapping[str, str]


def expanded(macro: str, command: Command) -> Iterator[str]:
    """Its lines for this call. Raises GcodeError for a parameter that the call does not give."""
    for line in macro.splitlines():
        yield _PARAMETER.sub(lambda match: command.text_of(match[1].upper()), line)
