"""`python -m tests.benchmarks.document out.json… --out docs/benchmarks.md`: measured rows as a document.

With `--of agents`, of what `python -m tests.benchmarks.agents` measured; `--note` says what else went on meanwhile.

Nothing in it is written by hand but what stands in this file; rows come from `--json` files of the benchmarks.
"""

import argparse
import json
import os
import platform
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.rows import Row

_TITLES = {"scheduling": "Benchmarks of the scheduling core", "agents": "Benchmarks of the broker and its agents"}
_HEAD = """# {title}

Made by `python -m tests.benchmarks.document` from what `python -m tests.benchmarks.{of}` measured, on {cores}
shared cores ({system}, Python {python}). Peers ran in the same run. `ratio` is ours ÷ theirs; a goal applies to the
ratio, or to ours where there is none. `load` is the machine's when the row was written.
"""
_OF_AGENTS = {
    "events": "From an event to its durable acknowledgement, 1,000 agents on one broker, SQLite with synchronous=FULL.",
    "agents": "Agents that are held by one broker process, a heartbeat of each every 20 s.",
    "storm": "The broker is killed and comes back; 5,000 agents connect again with events that wait.",
    "claims": "Claims on PostgreSQL, every commit flushed, against a bare SELECT … FOR UPDATE SKIP LOCKED.",
    "takeover": "Three broker processes on one PostgreSQL, the leading one killed or stopped.",
}
_OF_SCHEDULING = {
    "setups": "Unrelated machines with sequence-dependent setups, makespan (the recipe of Vallada and Ruiz).",
    "assignment": "Unrelated machines without setups, makespan (instances of Fanjul-Peyro and Ruiz).",
    "rectangles": "Two-dimensional bins (Berkey and Wang; Martello and Vigo).",
    "plates": "Outlines of real parts on printers' plates, against libnest2d.",
    "network": "A whole network for a fortnight, against four rules of dispatch.",
    "events": "Replanning after one event, and quotes against a live plan.",
    "small": "Small networks with calendars, people and splits, against optima that CP-SAT proves.",
}


def document(rows: Sequence[Row], of: str, note: str) -> str:
    about = {"scheduling": _OF_SCHEDULING, "agents": _OF_AGENTS}[of]
    system, python = platform.system(), platform.python_version()
    parts = [_HEAD.format(title=_TITLES[of], of=of, cores=os.cpu_count(), system=system, python=python)]
    parts += [f"{note}\n"] if note else []
    for group in dict.fromkeys(row.group for row in rows):
        chosen = [row for row in rows if row.group == group]
        goals = [row.reached for row in chosen if row.reached is not None]
        parts.append(f"## {group}\n\n{about.get(group, '')}\n\n{sum(goals)} of {len(goals)} goals reached.\n")
        parts.append(_table(chosen))
    return "\n".join(parts)


def _table(rows: Iterable[Row]) -> str:
    lines = ["| case | metric | ours | peer | theirs | ratio | goal | reached | load |", "| --- " * 9 + "|"]
    for row in rows:
        reached = {True: "yes", False: "**no**", None: ""}[row.reached]
        theirs = "" if row.theirs is None else f"{row.theirs:,.6g}"
        ratio = "" if row.ratio is None else f"{row.ratio:.4g}"
        ours = f"{row.ours:,.6g} {row.unit}"
        cells = (row.case, row.metric, ours, row.peer or "", theirs, ratio, row.goal, reached, f"{row.load:g}")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _row(fields: dict[str, Any]) -> Row:
    return Row(group=fields.pop("class"), **fields)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.document")
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--of", choices=sorted(_TITLES), default="scheduling")
    parser.add_argument("--note", default="")
    given = parser.parse_args()
    rows = [_row(fields) for file in given.files for fields in json.loads(file.read_text(encoding="utf-8"))]
    given.out.write_text(document(rows, given.of, given.note), encoding="utf-8")


if __name__ == "__main__":
    main()
