"""Waiting for what another process or thread brings about."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE_S = 60.0
Found = TypeVar("Found")


def eventually(look: Callable[[], Found | None], patience_s: float = PATIENCE_S) -> Found:
    """What `look` finds, asked again and again until it finds something."""
    deadline_s = time.monotonic() + patience_s
    pause = threading.Event()
    while time.monotonic() < deadline_s:
        found = look()
        if found:
            return found
        pause.wait(0.02)
    raise AssertionError(f"not within {patience_s:g} s")
