"""Simulated machines as processes, started by their executable as the rig does."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SimMachine:
    folder: Path
    port: Path
    control: Path

    def command(self, **values: object) -> dict[str, object]:
        """What a person, or the rig in a person's place, does to it."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            link.settimeout(20)
            link.connect(str(self.control))
            link.sendall(json.dumps(values).encode() + b"\n")
            with link.makefile("rb") as answers:
                answer: dict[str, object] = json.loads(answers.readline())
        assert answer["ok"], answer
        return answer

    def episodes(self) -> int:
        """How often it began to heat or move."""
        self.command(command="summary")
        lines = (self.folder / "log.jsonl").read_text().splitlines()
        return sum(1 for line in lines if json.loads(line)["event"] == "episode_started")


@contextmanager
def machine(short: Path, name: str, firmware: str, **more: object) -> Iterator[SimMachine]:
    """`short`: a folder whose path leaves room for Unix sockets."""
    sim = SimMachine(short / f"{name}-truth", short / f"{name}.tty", short / f"{name}.ctl")
    config = {
        "name": name,
        "firmware": firmware,
        "port": str(sim.port),
        "folder": str(sim.folder),
        "control": str(sim.control),
        "speed": 200.0,
        "boot_s": 0.05,
        **more,
    }
    command = [sys.executable, "-m", "hardware_sim.firmware", "serve", json.dumps(config)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert b"serving" in process.stdout.readline()
        yield sim
    finally:
        process.terminate()
        process.wait(20)
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()
