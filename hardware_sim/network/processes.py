"""The processes of one rig: started with their output in a file each, ended together."""

import os
import secrets
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO

from hardware_sim.errors import RigError
from hardware_sim.network.guardian import MARK, marked


class ProcessEnded(RigError):
    """A process of the rig ended that should have gone on."""


@dataclass(slots=True)
class Child:
    name: str
    argv: tuple[str, ...]
    log: Path
    popen: subprocess.Popen[bytes]

    def tail(self, lines: int = 12) -> str:
        """The last lines that it wrote."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def executable(name: str) -> str:
    """Path of one of our executables, beside the interpreter that runs us."""
    return str(Path(sys.executable).parent / name)


def python(module: str, *words: str) -> list[str]:
    """Command line that runs a module of the rig's with our interpreter."""
    return [sys.executable, "-m", module, *words]


@dataclass(slots=True)
class Processes:
    """Use as a context: at its end nothing that was started, nor what that started, is left."""

    logs: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    """Of the environment, for all that is started."""
    variables_of: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """The same for one process, by its name."""
    mark: str = field(default_factory=lambda: secrets.token_hex(8))
    children: dict[str, Child] = field(default_factory=dict)
    _guardian: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Processes":
        self.logs.mkdir(parents=True, exist_ok=True)
        self._guardian = subprocess.Popen(
            python("hardware_sim.network.guardian", self.mark),
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for child in self.children.values():
            if child.popen.poll() is None:
                child.popen.terminate()
        if self._guardian is not None and self._guardian.stdin is not None:
            self._guardian.stdin.close()
            for child in self.children.values():
                child.popen.wait()
                if child.popen.stdin is not None:
                    child.popen.stdin.close()
            self._guardian.wait()

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        return {**os.environ, **self.variables, MARK: self.mark, "PYTHONUNBUFFERED": "1", **(more or {})}

    def start(
        self, name: str, argv: Sequence[str], *, environment: Mapping[str, str] | None = None, talk: bool = False
    ) -> Child:
        """Start and remember a process; `talk` gives it a standard input that we write to.

        A name may be started again once the one before it ended; its log goes on.
        """
        log = self.logs / f"{name.replace('/', '-')}.log"
        with log.open("ab") as out:
            popen = subprocess.Popen(
                argv,
                stdin=subprocess.PIPE if talk else subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=self.environment({**self.variables_of.get(name, {}), **(environment or {})}),
                start_new_session=True,
            )
        child = Child(name, tuple(argv), log, popen)
        self.children[name] = child
        return child

    def run(self, argv: Sequence[str], *, environment: Mapping[str, str] | None = None, timeout_s: float = 60) -> str:
        """Run a command to its end and return what it printed.

        Raises ProcessEnded with its output if it fails.
        """
        done = subprocess.run(
            argv, capture_output=True, text=True, env=self.environment(environment), timeout=timeout_s, check=False
        )
        if done.returncode != 0:
            said = (done.stdout + done.stderr).strip()
            raise ProcessEnded(f"{Path(argv[0]).name} {' '.join(argv[1:3])} ended with {done.returncode}:\n{said}")
        return done.stdout

    def kill(self, name: str) -> int:
        """SIGKILL, and forget it; returns the process id that it had."""
        child = self.children.pop(name)
        child.popen.kill()
        child.popen.wait()
        return child.popen.pid

    def find(self, words: Sequence[str]) -> list[int]:
        """Living processes of this rig, whoever started them, whose command line holds these words in a row."""
        wanted = b"\0" + b"\0".join(word.encode() for word in words) + b"\0"
        found = []
        for pid in marked(self.mark):
            with suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
                if wanted in (Path("/proc") / str(pid) / "cmdline").read_bytes():
                    found.append(pid)
        return found

    def require_alive(self) -> None:
        """Raise ProcessEnded for the first process that is gone."""
        for child in self.children.values():
            code = child.popen.poll()
            if code is not None:
                raise ProcessEnded(f"{child.name} ended with {code}; its last words:\n{child.tail()}")


def stdin_of(child: Child) -> IO[bytes]:
    """The standard input of a child started with `talk`."""
    if child.popen.stdin is None:
        raise ProcessEnded(f"{child.name} has no standard input")
    return child.popen.stdin
