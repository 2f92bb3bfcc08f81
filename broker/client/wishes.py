"""From the command line's words to files with quantity, material and unit."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from broker.client.errors import BadInput
from broker.wire.tiers import Tier

_WITH_QUANTITY = re.compile(r"(?P<file>.+?):(?P<quantity>[+-]?\d+)(?::(?P<material>[^:]+))?", re.DOTALL)
_DIGITS = 18
"""More than any broker takes, and few enough for every reader of JSON."""


@dataclass(frozen=True, slots=True)
class Wish:
    path: Path
    quantity: int
    material: str | None
    unit: str | None


def read_wishes(
    files: Sequence[str], quantities: Sequence[str], materials: Sequence[str], units: Sequence[str]
) -> list[Wish]:
    """FILE or FILE:QUANTITY[:MATERIAL]; an option given once counts for all, else once for each file.

    Raises BadInput.
    """
    if not files:
        raise BadInput("no file is named", where="FILE", fix="name one or more STL, 3MF, OBJ, STEP, DXF or SVG files")
    given = {
        "--quantity": _spread(quantities, len(files), "--quantity"),
        "--material": _spread(materials, len(files), "--material"),
        "--unit": _spread(units, len(files), "--unit"),
    }
    return [
        _wish(text, given["--quantity"][index], given["--material"][index], given["--unit"][index])
        for index, text in enumerate(files)
    ]


def _spread(values: Sequence[str], count: int, option: str) -> list[str | None]:
    if len(values) in (0, 1):
        return [values[0] if values else None] * count
    if len(values) != count:
        raise BadInput(
            f"{option} is given {len(values)} times for {count} files", where=option, fix="give it once, or once a file"
        )
    return list(values)


def _wish(text: str, quantity: str | None, material: str | None, unit: str | None) -> Wish:
    path = Path(text)
    parts = None if path.exists() else _WITH_QUANTITY.fullmatch(text)
    if parts is not None:
        path, quantity = Path(parts["file"]), parts["quantity"]
        material = parts["material"] or material
    if not path.is_file():
        raise BadInput(f"there is no file {path}", where=str(path), fix="check its name")
    if quantity is None:
        raise BadInput(f"how many of {path.name}?", where="--quantity", fix=f"add --quantity N, or write {path.name}:N")
    return Wish(path, _number(quantity), material, unit)


def _number(text: str) -> int:
    if not re.fullmatch(r"[+-]?\d+", text) or len(text) > _DIGITS:
        raise BadInput(f"{text!r} is no quantity", where="--quantity", fix="give a whole number of pieces")
    return int(text)


def read_tier(text: str) -> Tier:
    """Raises BadInput."""
    try:
        return Tier(text)
    except ValueError:
        *others, last = Tier
        known = f"{', '.join(others)} or {last}"
        raise BadInput(f"{text!r} is no lead time", where="--tier", fix=f"give {known}") from None
