"""A peer's server as a child of the tests: it is waited for, and it doesn't outlive them."""

import os
import socket
import subprocess
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_LINES_KEPT = 200
_END_S = 20.0


def free_port() -> int:
    """Of the loopback interface; a moment ago nobody listened there."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def alone(home: Path) -> dict[str, str]:
    """The environment of a process that is to know nothing of ours."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8"}


@contextmanager
def serving(command: Sequence[str], home: Path, ready: str) -> Iterator[int]:
    """The process id of a server that has said `ready`; it ends with the block and, however that ends, with us."""
    with subprocess.Popen(
        ["setpriv", "--pdeathsig", "TERM", *command],
        env=alone(home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = deque[str](maxlen=_LINES_KEPT)
        for line in process.stdout:
            said.append(line)
            if ready in line:
                break
        else:
            raise RuntimeError(f"{command[0]} did not start: {''.join(said)}")
        listener = threading.Thread(target=said.extend, args=(process.stdout,))
        listener.start()
        try:
            yield process.pid
        finally:
            process.terminate()
            try:
                process.wait(_END_S)
            except subprocess.TimeoutExpired:
                process.kill()
            listener.join()
