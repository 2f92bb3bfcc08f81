"""What a benchmark writes: one row a figure, with the peer's figure of the same run beside ours."""

import json
import os
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

_GOAL = re.compile(r"(<=|>=) (\d+(?:\.\d+)?)")


def _load() -> float:
    return round(os.getloadavg()[0], 2)


@dataclass(frozen=True, slots=True)
class Row:
    """`ratio` is ours ÷ theirs, or None; `goal` applies to it, or to `ours` where there is no ratio."""

    group: str
    case: str
    metric: str
    unit: str
    ours: float
    peer: str | None = None
    theirs: float | None = None
    ratio: float | None = None
    goal: str = ""
    cpu_s: float = 0.0
    wall_s: float = 0.0
    load: float = field(default_factory=_load)

    @property
    def reached(self) -> bool | None:
        """None: there is no goal."""
        match = _GOAL.fullmatch(self.goal)
        if match is None:
            return None
        value = self.ours if self.ratio is None else self.ratio
        return value <= float(match[2]) if match[1] == "<=" else value >= float(match[2])

    def as_json(self) -> dict[str, str | float | None]:
        row = asdict(self)
        return {"class": row.pop("group"), **row}


def show(rows: Sequence[Row], title: str) -> None:
    table = Table(title=title)
    for name in ("case", "metric", "ours", "peer", "theirs", "ratio", "goal", ""):
        table.add_column(name, justify="left" if name in ("case", "metric", "peer") else "right")
    for row in rows:
        reached = {True: "yes", False: "NO", None: ""}[row.reached]
        theirs = "" if row.theirs is None else f"{row.theirs:,.4g}"
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        ours = f"{row.ours:,.4g} {row.unit}"
        table.add_row(row.case, row.metric, ours, row.peer or "", theirs, ratio, row.goal, reached)
    Console(width=140).print(table)


def write(rows: Sequence[Row], path: Path) -> None:
    path.write_text(json.dumps([row.as_json() for row in rows], indent=1) + "\n", encoding="utf-8")
