"""Runs the demo as a person does, and says what must hold of every batch."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jsonschema

ROOT = Path(__file__).parents[2]
RIG = str(Path(sys.executable).parent / "llagar-rig")
SCHEMA = json.loads((ROOT / "docs" / "demo.schema.json").read_text())
PHYSICAL = {"running", "paused", "finished", "faulted"}


def demo(out: Path, *words: str, timeout_s: float = 400) -> dict[str, Any]:
    """One headless demo; its JSON, after everything that must hold was looked at."""
    done = subprocess.run(
        [RIG, "demo", "--headless", "--json", str(out), *words],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    made: dict[str, Any] = json.loads(out.read_text())
    jsonschema.validate(made, SCHEMA)
    require_whole(made)
    return made


def require_whole(made: dict[str, Any]) -> None:
    """Delivered, counted and paid to the last piece, with something gone wrong on the way."""
    assert made["order"]["state"] == "delivered"
    for tally in [made["pieces"]["total"], *made["pieces"]["lines"]]:
        assert tally["good"] == tally["ordered"]
    assert made["pieces"]["on_beds"] == made["pieces"]["total"]["good"]
    assert made["pieces"]["total"]["scrap"] >= 1
    assert any("faulted" in run["states"] for run in made["runs"])
    for run in made["runs"]:
        # Of an unknown run nobody knows whether it had come to a start, but the machine itself.
        least, most = (0, 1) if "unknown" in run["states"] else (bool(PHYSICAL & set(run["states"])),) * 2
        assert least <= run["physical_starts"] <= most, run
    assert made["unattributed_starts"] == 0
    assert made["ledger"] == {"balance": 0, "held": 0, "paid": made["quote"]["total"]}
    assert sum(line["amount"] for line in made["quote"]["lines"]) == made["quote"]["total"]
    assert len({lot["workshop"] for lot in made["lots"] if lot["good"]}) >= 2


def left_behind(mark: str) -> list[str]:
    """Command lines of living processes whose environment holds this word."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            if mark.encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_text().replace("\0", " "))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return found


def executed(*command: str, timeout_s: float = 200) -> subprocess.CompletedProcess[str]:
    """`llagar-rig exec` with a command."""
    words: Sequence[str] = [RIG, "exec", "--", *command]
    return subprocess.run(words, capture_output=True, text=True, timeout=timeout_s, check=False)
