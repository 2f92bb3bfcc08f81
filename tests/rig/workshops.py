"""Starts `llagar-rig up` as a tester does, and speaks to it from another terminal."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import serial
from typer.testing import CliRunner

from hardware_sim.cli import app
from hardware_sim.errors import RigError
from tests.rig.batch import RIG

PATIENCE_S = 60.0
ALONE_S = "400"
"""A rig whose test was killed ends by itself."""
Seen = TypeVar("Seen")


class Terminal:
    """Commands of one user, whose rigs nobody else's commands find. `word` marks all that it starts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = folder / "ports"
        self.word = f"LLAGAR_TEST_WORD={folder}"
        name, value = self.word.split("=")
        runtime = folder / "runtime"
        runtime.mkdir(exist_ok=True)
        self.environment = {**os.environ, "XDG_RUNTIME_DIR": str(runtime), name: value}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [RIG, *words]
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )

    def does(self, *words: str) -> str:
        """What a command that must succeed has to say."""
        done = self.run(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def refuses(self, *words: str) -> str:
        done = self.run(*words)
        assert done.returncode != 0, done.stdout
        assert "Traceback" not in done.stderr
        return done.stderr

    def rig_file(self, text: str) -> str:
        path = self.folder / "rig.toml"
        path.write_text(text)
        return str(path)

    def says(self, *words: str) -> str:
        """What a command that can't be carried out has to say; within this process, which is quicker."""
        done = CliRunner().invoke(app, words, env=self.environment)
        assert done.exit_code != 0, done.output
        assert done.exception is None or isinstance(done.exception, RigError | SystemExit)
        return f"{done.output} {done.exception}"

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [RIG, "up", *words, "--headless", "--for", ALONE_S],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    @contextmanager
    def up(self, *words: str) -> Iterator[subprocess.Popen[str]]:
        """A rig whose machines all serve; ended in order unless it has ended by itself."""
        rig = self.start(*words)
        try:
            wait_until_up(rig)
            yield rig
        finally:
            rig.terminate()
            rig.communicate(timeout=PATIENCE_S)

    @contextmanager
    def workshop(self, text: str, *words: str) -> Iterator[subprocess.Popen[str]]:
        with self.up(self.rig_file(text), "--ports", str(self.ports), *words) as rig:
            yield rig


def wait_until_up(rig: subprocess.Popen[str]) -> list[str]:
    """The lines that it prints until then."""
    assert rig.stdout is not None
    lines: list[str] = []
    while "   seed " not in (lines[-1] if lines else ""):
        line = rig.stdout.readline()
        if not line:
            rest = rig.stderr.read() if rig.stderr is not None else ""
            raise AssertionError(f"the rig didn't come up: {lines} {rest}")
        lines.append(line.rstrip())
    return lines


def kill(rig: subprocess.Popen[str]) -> None:
    """SIGKILL: nothing of its own can be tidied up."""
    os.kill(rig.pid, signal.SIGKILL)
    rig.communicate(timeout=PATIENCE_S)


def send(link: serial.Serial, *lines: str) -> None:
    """Each line acknowledged before the next."""
    for line in lines:
        link.write(line.encode() + b"\n")
        until(link, b"ok")


def until(link: serial.Serial, words: bytes) -> None:
    while line := link.readline():
        if line.startswith(words):
            return
    raise AssertionError(f"{words!r} never came")
