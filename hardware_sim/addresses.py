"""Where a machine with an address of its own is to be found: a small text file that holds its URL."""

import os
import socket
from pathlib import Path

LOOPBACK = "127.0.0.1"


def publish(file: Path, url: str) -> None:
    """Write the URL at once or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    fresh.write_text(url + "\n")
    fresh.replace(file)


def listen(port: int, backlog: int = 16) -> socket.socket:
    """A listening socket on the loopback interface; 0: any port that is free. Raises OSError, naming the address."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
        listener.listen(backlog)
    except OSError as error:
        listener.close()
        raise OSError(error.errno, f"{LOOPBACK}:{port}: {error.strerror}") from None
    return listener


def port_of(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])
