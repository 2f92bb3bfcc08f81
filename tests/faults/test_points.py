"""The table of failpoints names what is there, and a process dies where it was asked to."""

import importlib
import inspect
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

from tests.faults.asking import Asking
from tests.faults.failing import resolve, role_of
from tests.faults.points import PLACES, Role
from tests.faults.world import variables

RUN_JOURNAL = """
import sys
from pathlib import Path
from shop_agent.streamer.journal import RunJournal

journal = RunJournal(Path(sys.argv[1]))
for number in range(3):
    print(number, flush=True)
    journal.start(f"run{number}", 1, f"record{number}", "0" * 64)
"""


def test_every_place_is_there_under_a_name_of_its_own() -> None:
    for place in PLACES:
        resolve(importlib.import_module(place.module), place.function)
    assert [name for name, number in Counter(place.name for place in PLACES).items() if number > 1] == []


def test_what_is_told_of_a_commit_has_one_in_its_own_words() -> None:
    """A function whose transaction moved elsewhere would be a place that nobody passes."""
    for place in PLACES:
        if place.commit:
            _, _, function = resolve(importlib.import_module(place.module), place.function)
            assert re.search(r"with (self\._database|.*\.writing\(\))", inspect.getsource(function)), place.name


def test_processes_are_told_apart_by_their_command_lines() -> None:
    assert role_of(["/bin/python", "/bin/llagar-broker", "serve", "--data", "/x"]) == Role.BROKER
    assert role_of(["/bin/python", "/bin/llagar-agent", "run", "--config", "/x/Nava/agent.toml"]) == "agent-Nava"
    assert role_of(["python", "-m", "shop_agent", "stream", "--config", "x", "--machine", "m"]) == "streamer-m"
    assert role_of(["python", "-m", "shop_agent.staging.maker"]) == Role.MAKER
    assert role_of(["python", "/bin/llagar-agent", "rotate-key", "--config", "/x/Nava/agent.toml"]) == Role.KEYS
    assert role_of(["python", "/bin/llagar-broker", "invite", "Nava"]) is None


def _starts(tmp_path: Path, point: str, nth: int) -> tuple[int, str, list[str]]:
    """How a process ended that starts three runs, as which it died, and what its journal holds."""
    asking = Asking(tmp_path / "failpoints")
    asking.ask("streamer-m", {point: nth})
    argv = [sys.executable, "-c", RUN_JOURNAL, str(tmp_path / "runs.sqlite"), "shop_agent", "stream", "--machine", "m"]
    environment = {**os.environ, **variables(asking.folder)}
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=60, check=False)
    with closing(sqlite3.connect(tmp_path / "runs.sqlite")) as database:
        runs = [run for (run,) in database.execute("SELECT run FROM starts ORDER BY run")]
    return done.returncode, asking.died("streamer-m") or "", runs


def test_before_a_commit_nothing_of_it_is_kept(tmp_path: Path) -> None:
    point = "streamer.start.commit.before"
    assert _starts(tmp_path, point, 2) == (-signal.SIGKILL, point, ["run0"])


def test_after_a_commit_all_of_it_is_kept(tmp_path: Path) -> None:
    point = "streamer.start.commit.after"
    assert _starts(tmp_path, point, 2) == (-signal.SIGKILL, point, ["run0", "run1"])


def test_a_point_that_is_not_passed_so_often_kills_nobody(tmp_path: Path) -> None:
    assert _starts(tmp_path, "streamer.start.commit.after", 4) == (0, "", ["run0", "run1", "run2"])
