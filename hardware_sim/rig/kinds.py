"""What fields and kinds mean: the words that stand beside them in the source, which Python itself forgets."""

import ast
import inspect
from enum import Enum
from functools import cache
from itertools import pairwise

from pydantic import BaseModel

from hardware_sim.faults import FaultKind
from hardware_sim.firmware.config import Kind, misfit


@cache
def words_beside(owner: type[Enum] | type[BaseModel]) -> dict[str, str]:
    """By name of the attribute: the string that follows it in the class."""
    (node,) = ast.parse(inspect.getsource(owner)).body
    body = node.body if isinstance(node, ast.ClassDef) else []
    found = {}
    for before, after in pairwise(body):
        match before, after:
            case (
                ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(words))),
            ):
                found[name] = " ".join(words.split())
    return found


def says() -> dict[FaultKind, str]:
    """One line for each kind; its own name where nothing is written beside it."""
    words = words_beside(FaultKind)
    return {kind: words.get(kind.name, f"{kind.value.replace('_', ' ').capitalize()}.") for kind in FaultKind}


def happens_to(kind: FaultKind) -> str:
    """On which firmware, or to people: those of people are for a rig that has some."""
    return ", ".join(firmware for firmware in Kind if not misfit(kind, firmware)) or "people"
