"""A port's file descriptors are numbers, which other files get once they are closed."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from drivers.base import PortSettings
from drivers.errors import LinkLost
from drivers.transports import Port
from tests.drivers.peers import peer


@contextmanager
def others(folder: Path) -> Iterator[list[Path]]:
    """Files that take the numbers that have just become free."""
    files = [folder / str(number) for number in range(12)]
    with ExitStack() as stack:
        for file in files:
            stack.enter_context(file.open("w"))
        yield files


def test_a_closed_port_writes_nowhere(tmp_path: Path) -> None:
    with peer(lambda _: b"") as machine:
        port = Port(machine.settings())
        port.open()
        port.close()
        with others(tmp_path) as files:
            port.send(b"G1 X1\n")
            with pytest.raises(LinkLost, match="not open"):
                port.read(0.0)
            assert not port.urgent(b"\nM112\n")
            port.wake()
            assert not any(file.stat().st_size for file in files)


def test_whoever_wakes_a_port_that_is_being_opened_anew_writes_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with peer(lambda _: b"") as machine, others(tmp_path) as files:
        port = Port(PortSettings(machine.url))
        port.open()
        woken = port._woken
        port.close()
        for number in woken:
            os.dup2(os.open(files[0], os.O_WRONLY | os.O_APPEND), number)
        pipe2 = os.pipe2

        def woken_meanwhile(flags: int) -> tuple[int, int]:
            port.wake()
            return pipe2(flags)

        monkeypatch.setattr(os, "pipe2", woken_meanwhile)
        port.open()
        port.close()
        assert not files[0].stat().st_size
