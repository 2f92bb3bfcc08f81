import re
from functools import reduce
from itertools import pairwise
from operator import xor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.errors import ResendLimit
from drivers.marlin.answers import (
    OK,
    Ack,
    Action,
    Answer,
    Booted,
    Busy,
    Capability,
    Failed,
    Firmware,
    Halted,
    Heater,
    LostCount,
    Note,
    Position,
    Resend,
    Temperatures,
    TimeLeft,
    UnknownCommand,
    read_line,
)
from drivers.marlin.protocol import (
    KEEPALIVE_S,
    MAX_EQUAL_RESENDS,
    MOST_IN_FLIGHT,
    RECALL,
    MarlinProtocol,
    framed,
    unsendable,
)
from tests.drivers.transcripts import names, said_by_machine, transcript

NUMBERED = re.compile(rb"N(\d+) (.*)\*(\d+)\n")


def counting() -> MarlinProtocol:
    """A protocol whose M110 was acknowledged: the next line is number 1."""
    protocol = MarlinProtocol()
    assert protocol.restart() == b"\nN0 M110 N0*125\n"
    protocol.receive(b"ok\n")
    assert protocol.in_flight == 0
    return protocol


def test_frames_have_number_and_checksum() -> None:
    assert framed(3, "G92 E0") == b"N3 G92 E0*68\n"
    body, _, checksum = framed(7, "M117 5*3").rpartition(b"*")
    assert int(checksum) == reduce(xor, body)


@pytest.mark.parametrize(
    ("line", "answers"),
    [
        ("ok", (OK,)),
        ("ok N12 P15 B3", (Ack(12, 15, 3),)),
        ("ok T:20.1 /0.0 @:0", (Ack(heaters=True), Temperatures((Heater("T", 20.1, 0.0),)))),
        (" T:99.5 /215.0 B:59.9 /60 @:127", (Temperatures((Heater("T", 99.5, 215.0), Heater("B", 59.9, 60.0))),)),
        (" T:99.5 /215.0 @:127 W:?", (Temperatures((Heater("T", 99.5, 215.0),), waiting=True),)),
        ("T0:20 /0 T1:21 /200", (Temperatures((Heater("T0", 20, 0), Heater("T1", 21, 200))),)),
        ("Resend: 12", (Resend(12),)),
        ("Resend:N12", (Resend(12),)),
        ("rs N12 Expected checksum 103", (Resend(12),)),
        ("rs 12", (Resend(12),)),
        ("echo:busy: processing", (Busy("processing"),)),
        ("start", (Booted(),)),
        ("\x00start", (Booted(),)),
        ("Error:checksum mismatch, Last Line: 3", (Note("Error:checksum mismatch, Last Line: 3"),)),
        ("Error:Printer halted. kill() called!", (Halted("Error:Printer halted. kill() called!"),)),
        ("Error:Thermal Runaway, system stopped!", (Halted("Error:Thermal Runaway, system stopped!"),)),
        ("Error:checksu mismatch, Last Linne: 45", (Note("Error:checksu mismatch, Last Linne: 45"),)),
        ("Error:Probing Failed", (Failed("Error:Probing Failed"),)),
        ("Cap:EEPROM:0", (Capability("EEPROM", False),)),
        ("FIRMWARE_NAME:Marlin 2.1 (Dec) SOURCE_CODE_URL:x PROTOCOL_VERSION:1.0", (Firmware("Marlin 2.1 (Dec)"),)),
        ("X:1.00 Y:-2.50 Z:3.00 E:0.00 Count X:80 Y:0 Z:0", (Position((1.0, -2.5, 3.0)),)),
        ("//action:paused filament_runout 0", (Action("paused", "filament_runout 0"),)),
        ("//action:prompt_end", (Action("prompt_end"),)),
        ("//action:notification busy: Error:x", (Action("notification", "busy: Error:x"),)),
        ("// action:cancel", (Action("cancel"),)),
        ("echo: M73 Progress: 25%; Time left: 12m;", (TimeLeft(720.0),)),
        ('echo:Unknown command: "M486"', (UnknownCommand("M486"),)),
        ("Unknown M code: M486", (UnknownCommand("M486"),)),
        ("okay", (Note("okay"),)),
        ("", ()),
    ],
)  # fmt: skip
def test_each_line_says_one_thing(line: str, answers: tuple[Answer, ...]) -> None:
    assert read_line(line) == answers


@pytest.mark.parametrize("name", names("marlin"))
@given(cuts=st.lists(st.integers(0, 3000), max_size=12))
@settings(deadline=None, max_examples=15)
def test_any_chunking_gives_the_same_events(name: str, cuts: list[int]) -> None:
    said = said_by_machine(name)
    edges = [0, *sorted(min(cut, len(said)) for cut in cuts), len(said)]
    whole, pieces = counting(), counting()
    events = [each for start, end in pairwise(edges) for each in pieces.receive(said[start:end])]
    assert events == whole.receive(said)
    assert (pieces.in_flight, pieces.done, pieces.alive) == (whole.in_flight, whole.done, whole.alive)


@pytest.mark.parametrize("name", names("marlin"))
def test_frames_equal_the_transcripts(name: str) -> None:
    sent = b"".join(step.data for step in transcript(name) if step.side == ">")
    for number, text, checksum in NUMBERED.findall(sent):
        if reduce(xor, b"N%s %s" % (number, text)) == int(checksum):
            assert framed(int(number), text.decode()) in sent


@pytest.mark.parametrize("name", ["marlin_resend_ok", "marlin_resend_no_ok", "marlin_rs"])
def test_every_dialect_of_resend_ends_in_the_lines_of_the_transcript(name: str) -> None:
    steps = transcript(name)
    right = {number: text for number, text, _ in NUMBERED.findall(b"".join(s.data for s in steps if s.side == ">"))}
    protocol, sent = counting(), b""
    for step in steps[2:]:
        if step.side == "<":
            protocol.receive(step.data)
            sent = protocol.quiet()
            continue
        number = step.data[1:].split(b" ")[0]
        if int(number) > 3:
            break
        frame = sent or protocol.offer(right[number].decode(), int(number))
        assert frame == framed(int(number), right[number].decode())
        sent = b""
    assert protocol.in_flight == 0
    assert protocol.done == 3


def test_one_line_is_in_flight_unless_the_firmware_tells_its_room() -> None:
    protocol = counting()
    assert protocol.offer("G28", 1)
    assert protocol.offer("G1 X1", 2) is None
    protocol.receive(b"ok N1 P15 B3\n")
    assert [bool(protocol.offer(f"G1 X{n}", n)) for n in (2, 3, 4, 5)] == [True, True, True, False]
    protocol.receive(b"ok N3 P12 B1\n")
    assert (protocol.in_flight, protocol.done) == (1, 3)


def test_busy_is_a_sign_of_life_and_no_acknowledgement() -> None:
    protocol = counting()
    protocol.offer("G28", 1)
    assert protocol.patience_s(1.0, 60.0) == (60.0, 60.0)
    before = protocol.alive
    protocol.receive(b"echo:busy: processing\n T:20.0 /0.0\n")
    assert protocol.alive > before
    assert protocol.in_flight == 1
    assert protocol.patience_s(1.0, 60.0) == (60.0, KEEPALIVE_S)


def test_the_answer_to_m105_sets_a_miscount_right() -> None:
    """An `ok` too many makes the count run ahead; M105's own answer can't be taken for another's."""
    protocol = counting()
    protocol.offer("G1 X1", 1)
    protocol.receive(b"ok\nok\n")
    protocol.offer("G1 X2", 2)
    protocol.receive(b"ok\n")
    protocol.offer("M105", 0)
    protocol.receive(b"ok\n")
    assert protocol.in_flight == 1
    protocol.receive(b"ok T:20.0 /0.0\n")
    assert protocol.in_flight == 0


def test_a_lost_ok_is_made_up_for_by_a_probe() -> None:
    protocol = counting()
    protocol.offer("G1 X1", 1)
    assert protocol.probe() == framed(2, "M105")
    protocol.receive(b"ok T:20.0 /0.0\n")
    assert (protocol.in_flight, protocol.done) == (0, 1)


def test_a_probe_whose_answer_was_lost_is_made_up_for_by_the_next() -> None:
    protocol = counting()
    protocol.offer("G1 X1", 1)
    protocol.probe()
    assert protocol.ask() == b""
    assert protocol.probe() == framed(3, "M105")
    protocol.receive(b"ok T:20.0 /0.0\n")
    assert (protocol.in_flight, protocol.done) == (0, 1)


def test_a_long_wait_is_probed_once() -> None:
    protocol = counting()
    protocol.offer("M109 S200", 1)
    assert [bool(protocol.probe()) for _ in range(3)] == [True, False, False]


def test_a_lost_line_is_sent_again_after_a_probe() -> None:
    protocol = counting()
    line = protocol.offer("G1 X1", 1)
    probe = protocol.probe()
    protocol.receive(b"Error:Line Number is not Last Line Number+1, Last Line: 0\nResend: 1\nok\n")
    assert protocol.quiet() == (line or b"") + probe
    protocol.receive(b"ok\nok T:20.0 /0.0\n")
    assert (protocol.in_flight, protocol.done) == (0, 1)


def test_a_resend_asked_twice_is_answered_once() -> None:
    protocol = counting()
    frame = protocol.offer("G1 X1", 1)
    protocol.receive(b"Resend: 1\nok\nResend: 1\nok\n")
    assert protocol.offer("G1 X2", 2) is None
    assert protocol.quiet() == frame
    assert protocol.quiet() == b""


def test_a_stale_resend_sends_nothing() -> None:
    protocol = counting()
    protocol.offer("G1 X1", 1)
    protocol.receive(b"ok\nResend: 1\nResend: 1\n")
    assert protocol.quiet() == b""
    assert protocol.offer("G1 X2", 2)
    protocol.receive(b"Resend: 7\n")
    assert protocol.quiet() == b""


def test_a_resend_insisted_upon_shows_a_miscount() -> None:
    """Line 1 was counted by a stray `ok`; each further line is refused with the same request."""
    protocol = counting()
    first = protocol.offer("G1 X1", 1)
    protocol.receive(b"ok\nResend: 1\n")
    second = protocol.offer("G1 X2", 2)
    protocol.receive(b"Resend: 1\n")
    assert protocol.quiet() == (first or b"") + (second or b"")


def test_a_resend_of_long_ago_means_that_the_firmware_restarted() -> None:
    protocol = counting()
    for number in range(1, 200):
        protocol.offer(f"G1 X{number}", number)
        protocol.receive(b"ok\n")
    protocol.offer("G1 X0", 200)
    assert protocol.receive(b"Resend: 1\n") == [Resend(1)]
    protocol.probe()
    assert protocol.receive(b"Resend: 1\n") == [LostCount(1)]


def test_equal_resends_are_capped() -> None:
    protocol = counting()
    protocol.offer("G1 X1", 1)
    for _ in range(MAX_EQUAL_RESENDS):
        protocol.receive(b"Resend: 1\n")
        assert protocol.quiet()
    protocol.receive(b"Resend: 1\n")
    with pytest.raises(ResendLimit):
        protocol.quiet()


@pytest.mark.parametrize("line", ["N5 G1 X1", "n5G1", "M110 N3", "M117 " + "x" * 90, "M117 " + "é" * 45])
def test_lines_that_would_break_the_framing_are_refused(line: str) -> None:
    assert unsendable(line)
    assert unsendable("G1 X1 Y1 E.05 F1800") is None


@given(
    st.lists(
        st.sampled_from(["ok", "Resend: 1", "Resend: 2", "rs 3", "ok T:1 /0", "ok N2 P1 B1", "echo:busy: x", "start"])
    )
)
@settings(deadline=None, max_examples=200)
def test_whatever_is_answered_the_counts_stay_sound(said: list[str]) -> None:
    protocol, offered, done = counting(), 0, 0
    for line in said:
        if protocol.offer(f"G1 X{offered}", offered + 1):
            offered += 1
        protocol.receive(line.encode() + b"\n")
        protocol.quiet()
        assert 0 <= protocol.in_flight <= RECALL + 4
        assert done <= protocol.done <= offered
        done = protocol.done


def test_a_damaged_answer_opens_no_window_that_resends_could_not_serve() -> None:
    link = MarlinProtocol()
    link.restart()
    link.receive(b"ok N0 P15 B3999\n")
    sent = 0
    while link.offer(f"G1 X{sent}", sent + 1) is not None:
        sent += 1
    assert sent == MOST_IN_FLIGHT
    link.receive(f"ok N{sent} P15 B3\n".encode())
    assert link.done == sent
