"""Ends every process of a rig once the rig itself is gone, however it went.

All that a rig starts inherits a mark in its environment, streamers that detach from their agent too. The
guardian reads its standard input, which only the rig holds open; at its end it ends whoever bears the mark.
`python -m hardware_sim.network.guardian MARK` is started by `processes.Processes`, nobody else.
"""

import os
import signal
import sys
import time
from pathlib import Path

MARK = "LLAGAR_RIG_MARK"


def marked(mark: str) -> list[int]:
    """Process ids, other than our own, whose environment at their start held the mark."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            environment = (folder / "environ").read_bytes()
        except (FileNotFoundError, PermissionError, ProcessLookupError):
            continue
        if wanted in environment.split(b"\0"):
            found.append(int(folder.name))
    return found


def end(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def sweep(mark: str, grace_s: float = 3.0) -> None:
    """SIGTERM to all that bear the mark, SIGKILL to those still there after `grace_s`."""
    end(marked(mark), signal.SIGTERM)
    until = time.monotonic() + grace_s
    while time.monotonic() < until and marked(mark):
        time.sleep(0.05)
    while pids := marked(mark):
        end(pids, signal.SIGKILL)
        time.sleep(0.05)


def main(mark: str) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while sys.stdin.buffer.read(1):
        continue
    sweep(mark)


if __name__ == "__main__":
    main(sys.argv[1])
