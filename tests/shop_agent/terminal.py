"""`llagar-agent` as somebody at a terminal uses it."""

import io
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from shop_agent.cli import main


@dataclass(frozen=True, slots=True)
class Ended:
    code: int
    stdout: str
    stderr: str


def terminal(config: Path, *arguments: str, typed: str = "") -> Ended:
    """The command within this process, which has imported what it needs: arguments and streams are the real ones.

    One at a time: the streams are the process's.
    """
    out, err, code = io.StringIO(), io.StringIO(), 0
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", ["llagar-agent", *arguments, "--config", str(config)])
        patch.setattr(sys, "stdin", io.StringIO(typed))
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    return Ended(code, out.getvalue(), err.getvalue())


@dataclass(frozen=True, slots=True)
class Screen:
    """A process at a pseudo-terminal of its own."""

    process: "subprocess.Popen[bytes]"
    keyboard: int

    def press(self, keys: str) -> None:
        os.write(self.keyboard, keys.encode())

    def until(self, text: str) -> str:
        """What was shown up to and with this text. Raises OSError if it ends before."""
        shown = b""
        while text.encode() not in shown:
            shown += os.read(self.keyboard, 4096)
        return shown.decode(errors="replace")


@contextmanager
def screen(config: Path, *arguments: str) -> Iterator[Screen]:
    keyboard, end = pty.openpty()
    command = [sys.executable, "-m", "shop_agent", *arguments, "--config", str(config)]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "200", "NO_COLOR": "1"}
    process = subprocess.Popen(command, stdin=end, stdout=end, stderr=end, env=environment)
    os.close(end)
    try:
        yield Screen(process, keyboard)
    finally:
        process.terminate()
        process.wait(20)
        os.close(keyboard)
