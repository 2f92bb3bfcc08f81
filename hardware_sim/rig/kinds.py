"""What each kind of fault does, from the words beside it in `hardware_sim.faults`, and on which machines."""

import ast
import inspect
import textwrap
from functools import cache

from hardware_sim.faults import FaultKind
from hardware_sim.firmware.config import Kind

_ONLY_ON = {"(printers)": Kind.MARLIN, "(routers)": Kind.GRBL}


@cache
def says() -> dict[FaultKind, str]:
    """One line for each kind."""
    (enum,) = ast.parse(textwrap.dedent(inspect.getsource(FaultKind))).body
    if not isinstance(enum, ast.ClassDef):
        raise TypeError("the kinds of faults are a class")
    found = {}
    for before, after in zip(enum.body, enum.body[1:], strict=False):
        match before, after:
            case ast.Assign(targets=[ast.Name(id=name)]), ast.Expr(value=ast.Constant(value=str(words))):
                found[FaultKind[name]] = " ".join(words.split())
    return found


def happens_on(kind: FaultKind, firmware: Kind) -> bool:
    """Whether the kind means anything on such a machine; its line ends in "(printers)" where it is theirs alone."""
    return all(only is firmware for words, only in _ONLY_ON.items() if words in says().get(kind, ""))
