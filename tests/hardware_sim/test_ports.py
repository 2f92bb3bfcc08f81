"""A board's end of a real pty, where who opens and closes the other end is told as early, late or seldom as it gets."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hardware_sim import ports

PATIENCE_MS = 20_000.0


class Told:
    """In place of inotify: tells what the test says, when it says so."""

    def __init__(self, _: str) -> None:
        self.descriptor, self._end = os.pipe2(os.O_NONBLOCK)

    def tell(self, *changes: int) -> None:
        os.write(self._end, bytes(1 + change for change in changes))

    def changes(self) -> list[int]:
        try:
            return [word - 1 for word in os.read(self.descriptor, 4096)]
        except BlockingIOError:
            return []

    def close(self) -> None:
        os.close(self.descriptor)
        os.close(self._end)


class Board:
    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def openings(path: str) -> Told:
            self.told = Told(path)
            return self.told

        monkeypatch.setattr(ports, "Openings", openings)
        self.port = ports.PseudoPort(folder / "port")
        self.port.plug()

    def open(self) -> int:
        return os.open(self.port.link, os.O_RDWR | os.O_NOCTTY)

    def opened(self) -> bool:
        return self.port.opened()

    def held(self) -> bool:
        return self.port.connected


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Board]:
    board = Board(tmp_path, monkeypatch)
    yield board
    board.port.unplug()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the computer is, what is under way comes in time."""
    monkeypatch.setattr(ports, "DONE_MS", PATIENCE_MS)


@pytest.mark.usefixtures("patient")
def test_a_closing_that_is_told_before_it_is_done(board: Board) -> None:
    first = board.open()
    board.told.tell(+1)
    assert board.opened()
    board.told.tell(-1)
    closing = threading.Timer(0.005, os.close, (first,))
    closing.start()
    opened = board.opened()
    closing.join()
    assert not opened
    assert not board.held()
    second = board.open()
    board.told.tell(+1)
    assert board.opened()
    os.close(second)


def test_a_closing_that_takes_longer_than_anybody_waits(board: Board) -> None:
    first = board.open()
    board.told.tell(+1)
    assert board.opened()
    board.told.tell(-1)
    assert not board.opened()
    assert board.held()
    os.close(first)
    assert board.port.read() == b""
    assert not board.held()
    second = board.open()
    board.told.tell(+1)
    assert board.opened()
    os.close(second)


@pytest.mark.usefixtures("patient")
def test_a_closing_and_an_opening_that_is_told_late(board: Board) -> None:
    first = board.open()
    board.told.tell(+1)
    assert board.opened()
    os.close(first)
    second = board.open()
    board.told.tell(-1)
    telling = threading.Timer(0.005, board.told.tell, (+1,))
    telling.start()
    opened = board.opened()
    telling.join()
    assert opened
    os.close(second)


def test_two_openings_told_as_one_are_held_until_both_are_closed(board: Board) -> None:
    first, second = board.open(), board.open()
    board.told.tell(+1)
    assert board.opened()
    os.close(first)
    board.told.tell(-1)
    assert not board.opened()
    assert board.held()
    third = board.open()
    board.told.tell(+1)
    assert not board.opened()
    os.close(second)
    os.close(third)
    board.told.tell(-1, -1)
    assert not board.opened()
    assert not board.held()
