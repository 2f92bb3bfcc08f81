"""A serial port behind a TCP socket, opened as pyserial opens it."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from tests.hardware_sim.served import PATIENCE_S, Served
from tests.waiting import eventually


@pytest.fixture
def printer(tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path, link="tcp")
    yield served
    served.end()


def opened(served: Served) -> serial.SerialBase:
    return serial.serial_for_url(served.url, timeout=PATIENCE_S)


def until(link: serial.SerialBase, words: bytes) -> list[bytes]:
    lines: list[bytes] = []
    while not lines or not lines[-1].startswith(words):
        line = link.readline()
        assert line, f"{words!r} never came: {lines!r}"
        lines.append(line)
    return lines


def test_it_says_where_it_is(printer: Served) -> None:
    assert printer.url.startswith("socket://127.0.0.1:")
    assert printer.said == f"machine: serving at {printer.url}\n"
    assert printer.end() == 0
    assert not printer.port.exists()


def test_every_opening_restarts_the_board(printer: Served) -> None:
    for _ in range(2):
        with opened(printer) as link:
            assert b"start\n" in until(link, b"echo:Hardcoded")
            link.write(b"M105\n")
            until(link, b"ok T:")
    assert printer.count("resets") == 2


def test_a_board_that_stays_up_is_restarted_by_no_opening_but_the_first(tmp_path: Path) -> None:
    served = Served(tmp_path, link="tcp", resets_on_open=False)
    with opened(served) as link:
        until(link, b"echo:Hardcoded")
    with opened(served) as link:
        link.write(b"M115\n")
        assert b"start\n" not in until(link, b"ok")
    assert served.count("resets") == 1
    served.end()


def test_a_busy_port_closes_whoever_comes_second(printer: Served) -> None:
    with opened(printer) as first:
        until(first, b"echo:Hardcoded")
        with opened(printer) as second, pytest.raises(serial.SerialException):
            second.read(1)
        first.write(b"M105\n")
        until(first, b"ok T:")


def test_what_was_said_last_is_heard_although_the_line_was_closed_then(printer: Served) -> None:
    with opened(printer) as link:
        until(link, b"echo:Hardcoded")
        link.write(b"M112\n")
    eventually(lambda: printer.ask("summary")["state"] == "killed")


def test_a_pulled_cable_resets_the_line_and_the_address_is_the_same_afterwards(printer: Served) -> None:
    url = printer.url
    # Not pyserial, which forgets to close a socket that the other end has reset.
    with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as link, link.makefile("rb") as lines:
        assert lines.readline() == b"start\n"
        printer.does("unplug")
        with pytest.raises(ConnectionResetError):
            lines.read()
    assert not printer.port.exists()
    with pytest.raises(serial.SerialException):
        serial.serial_for_url(url)
    printer.does("plug")
    assert printer.url == url
    with opened(printer) as again:
        until(again, b"start")


def test_buttons_are_of_hosts_only(printer: Served) -> None:
    reply = printer.ask("press", button="pause")
    assert reply["ok"] is False
    assert "host" in str(reply["error"])
