"""A virtual environment for each peer: what we are measured against must not meet our own dependencies.

`python -m tests.peers.environments [NAME…]` makes them beforehand.
"""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_FOLDER = _ROOT / ".venv-peers"
_LOCKS = _ROOT / "requirements" / "peers"
_INSTALL_S = 600.0


def peers() -> list[str]:
    """Every name that `environment` knows."""
    return sorted(lock.stem for lock in _LOCKS.glob("*.txt"))


def environment(name: str) -> Path:
    """The folder of the peer's environment, with `bin/python` in it; made if it isn't there or its lock has changed.

    Raises LookupError for a name without a lock in requirements/peers, RuntimeError where it can't be installed.
    """
    lock = _LOCKS / f"{name}.txt"
    if not lock.exists():
        raise LookupError(f"no peer {name!r}: requirements/peers has {', '.join(peers())}")
    folder = _FOLDER / name
    finished = folder / ".finished"
    wanted = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()
    with _alone(_FOLDER / f"{name}.lock"):
        if not finished.exists() or finished.read_text() != wanted:
            shutil.rmtree(folder, ignore_errors=True)
            _install(folder, lock)
            finished.write_text(wanted)
    return folder


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Tests run side by side, each in a process of its own."""
    path.parent.mkdir(exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _install(folder: Path, lock: Path) -> None:
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # The lock is complete, and Printrun's leaves out on purpose what Printrun asks for.
    for command in (
        [sys.executable, "-m", "venv", str(folder)],
        [*pip, "--require-hashes", "--no-deps", "-r", str(lock)],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_INSTALL_S)
        if done.returncode != 0:
            raise RuntimeError(f"{lock.stem}'s environment can't be made: {done.stderr[-2000:]}")


if __name__ == "__main__":
    for peer in sys.argv[1:] or peers():
        print(environment(peer))
