"""A slicer as a confined child: whatever it does, it ends as a program or as one clear SlicerFailed.

Its words go to a file that is under the same limits as what it writes: a pipe would stay open for as long as some
grandchild holds it.
"""

import errno
import hashlib
import os
import re
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from slicer_bridge import confined
from slicer_bridge.errors import SlicerFailed
from slicer_bridge.slicing.contract import SliceLimits

_WORDS = 4000
_KILLED_WITHIN_S = 10.0
_LOG = re.compile(r"\[\d{4}-|\[WARNING\]|\d+ => ")
"""PrusaSlicer's log and progress, CuraEngine's warnings."""
_ROOM_BYTES = 65_536
_FEWER = "use fewer or simpler parts a plate"
_LIMITS = {
    signal.SIGXFSZ: "it wrote more than {files:,} bytes: " + _FEWER,
    signal.SIGXCPU: "it computed for over {cpu} s: " + _FEWER,
    signal.SIGKILL: "it computed for over {cpu} s, or the machine ran out of memory: " + _FEWER,
}
_BROKEN = "the mesh broke it, or it asked for more memory than {memory:,} bytes: repair the mesh, or use fewer parts"


def run_slicer(
    title: str,
    slicer: Path,
    arguments: Sequence[str],
    work: Path,
    limits: SliceLimits,
    environment: Mapping[str, str] | None = None,
) -> tuple[int, ...]:
    """Run it in `work` to its end, on one core; returns the cores it was held to. Raises SlicerFailed."""
    cores = sorted(os.sched_getaffinity(0))
    core = cores[os.getpid() % len(cores)]
    numbers = (limits.memory_bytes, limits.cpu_s, limits.file_bytes, core)
    command = [sys.executable, "-I", str(Path(confined.__file__)), *map(str, numbers), str(slicer), *arguments]
    words = work / "words.txt"
    with words.open("wb") as out:
        code = _ended(title, command, work, environment, out.fileno(), limits.wall_s)
    if code < 0 or code >= 128:
        raise SlicerFailed(f"{title} was ended by {_reason(code, limits)}")
    if code != 0 and shutil.disk_usage(work).free < _ROOM_BYTES:
        raise SlicerFailed(f"{title} made no program (exit {code}): the disk is full; free some of {work.parent}")
    if code != 0:
        raise SlicerFailed(f"{title} made no program (exit {code}): {last_words(words)}")
    return (core,)


def last_words(words: Path) -> str:
    """The last lines that say something; PrusaSlicer's progress is none."""
    with words.open("rb") as file:
        file.seek(max(words.stat().st_size - _WORDS, 0))
        text = file.read(_WORDS).decode(errors="replace")
    lines = [line.strip() for line in text.splitlines()]
    errors = [line for line in lines if line.startswith("[ERROR]")]
    said = errors or [line for line in lines if line and not _LOG.match(line)]
    return "".join(char if char.isprintable() else " " for char in " ".join(said[-3:]))[-400:] or "it gave no reason"


def file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_full(error: OSError) -> bool:
    return error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def _ended(
    title: str, command: list[str], work: Path, environment: Mapping[str, str] | None, out: int, wall_s: float
) -> int:
    child = subprocess.Popen(command, cwd=work, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        return child.wait(timeout=wall_s)
    except subprocess.TimeoutExpired as error:
        raise SlicerFailed(f"{title} took over {wall_s:g} s: {_FEWER}") from error
    finally:
        if child.returncode is None:
            _kill(child.pid)
            child.wait()


def _kill(pid: int) -> None:
    """The slicer and what it started: a wrapper script's child would go on for as long as it likes."""
    for one in (*_descendants(pid), pid):
        with suppress(ProcessLookupError):  # it may end by itself meanwhile
            _end(one)


def _end(pid: int) -> None:
    process = os.pidfd_open(pid)
    try:
        signal.pidfd_send_signal(process, signal.SIGKILL)
        select.select([process], [], [], _KILLED_WITHIN_S)
    finally:
        os.close(process)


def _descendants(pid: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text(errors="replace").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        parents.setdefault(int(fields[1]), []).append(int(status.parent.name))
    found, ahead = [], [pid]
    while ahead:
        children = parents.get(ahead.pop(), [])
        found += children
        ahead += children
    return found


def _reason(code: int, limits: SliceLimits) -> str:
    number = -code if code < 0 else code - 128
    try:
        name = signal.Signals(number)
    except ValueError:
        return f"exit {code}"
    reason = _LIMITS.get(name, _BROKEN)
    values = {"files": limits.file_bytes, "cpu": limits.cpu_s, "memory": limits.memory_bytes}
    return f"{name.name}: {reason.format(**values)}"
