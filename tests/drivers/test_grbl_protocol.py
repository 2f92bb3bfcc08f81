from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.grbl.answers import (
    OK,
    AlarmRaised,
    Answer,
    Message,
    Noise,
    Rejected,
    Setting,
    Unasked,
    Welcome,
    read_line,
)
from drivers.grbl.lines import unsendable
from drivers.grbl.protocol import GrblProtocol
from drivers.grbl.reports import Report
from tests.drivers.transcripts import names, said_by_machine, transcript

REALTIME = frozenset(b"?!~\x18\x84") | frozenset(range(0x90, 0x9F))


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("ok", OK),
        ("error:20", Rejected(20, 0, "")),
        ("ALARM:1", AlarmRaised(1)),
        ("[OPT:V,15,128]", Message("OPT", "V,15,128")),
        ("[G54:1.000,2.000,-3.000]", Message("G54", "1.000,2.000,-3.000")),
        ("$13=1", Setting(13, "1")),
        ("$110=500.000 (x max rate, mm/min)", Setting(110, "500.000")),
        ("Grbl 1.1h ['$' for help]", Welcome("Grbl 1.1h ['$' for help]")),
        ("GrblHAL 1.1f ['$' or '$HELP' for help]", Welcome("GrblHAL 1.1f ['$' or '$HELP' for help]")),
        ("<Idle|MPos:1.0,2.0,3.0|FS:0,0>", Report("Idle", machine=(1, 2, 3), feed=0, spindle_rpm=0)),
        ("<Hold:1|FS:5.5,8000|WPos:0,0,1,9|WCO:1,1,1>", Report("Hold", 1, None, (0, 0, 1), (1, 1, 1), 5.5, 8000)),
        ("<Idle>", Report("Idle")),
        ("<Run|MPos:1.0,2.0", Noise("<Run|MPos:1.0,2.0")),
        ("<Run|MPos:a,b,c>", Noise("<Run|MPos:a,b,c>")),
        ("error:x", Noise("error:x")),
        ("", None),
    ],
)
def test_each_line_says_one_thing(line: str, answer: Answer | None) -> None:
    assert read_line(line) == answer


@pytest.mark.parametrize("name", names("grbl"))
@given(cuts=st.lists(st.integers(0, 1000), max_size=12))
@settings(deadline=None, max_examples=15)
def test_any_chunking_gives_the_same_events(name: str, cuts: list[int]) -> None:
    said = said_by_machine(name)
    edges = [0, *sorted(min(cut, len(said)) for cut in cuts), len(said)]
    whole, pieces = GrblProtocol(), GrblProtocol()
    events = [each for start, end in pairwise(edges) for each in pieces.receive(said[start:end])]
    assert events == whole.receive(said)
    assert pieces.alive == whole.alive


@pytest.mark.parametrize("name", names("grbl"))
@given(at=st.integers(0, 2000))
@settings(deadline=None, max_examples=40)
def test_a_lost_byte_never_makes_an_answer(name: str, at: int) -> None:
    """What came before is heard as it was; nothing is acknowledged that was not."""
    said = said_by_machine(name)
    at %= len(said)
    whole, lossy = GrblProtocol().receive(said), GrblProtocol().receive(said[:at] + said[at + 1 :])
    kept = len(GrblProtocol().receive(said[: said.rfind(b"\n", 0, at) + 1]))
    assert lossy[:kept] == whole[:kept]
    assert sum(map(is_answer, lossy)) <= sum(map(is_answer, whole))


def is_answer(event: Answer) -> bool:
    return isinstance(event, Unasked)


def replayed(name: str) -> tuple[GrblProtocol, list[Answer]]:
    """Offer what the host says, hear what the machine says."""
    protocol, heard = GrblProtocol(), list[Answer]()
    protocol.rx_bytes = 127
    for step in transcript(name):
        if step.side == "<":
            heard += protocol.receive(step.data)
        elif step.side == ">":
            if b"\x18" in step.data:
                protocol.restart()
            for line in bytes(byte for byte in step.data if byte not in REALTIME).split(b"\n")[:-1]:
                assert protocol.offer(line.decode(), 0) == line + b"\n"
    return protocol, heard


@pytest.mark.parametrize("name", names("grbl"))
def test_transcripts_are_understood(name: str) -> None:
    _, heard = replayed(name)
    assert not [each for each in heard if isinstance(each, Noise)]


def test_transcripts_tell_alarms_and_holds() -> None:
    _, alarmed = replayed("grbl_alarm")
    assert [each.code for each in alarmed if isinstance(each, AlarmRaised)] == [2, 1]
    _, held = replayed("grbl_hold_door")
    reports = [each for each in held if isinstance(each, Report)]
    assert [(each.state, each.sub, each.spindle_rpm) for each in reports] == [
        ("Hold", 0, 8000), ("Door", 0, 0), ("Idle", None, 0),
    ]  # fmt: skip
    streamed, _ = replayed("grbl_stream")
    assert streamed.in_flight == 0


def test_characters_are_counted_to_the_buffer_that_the_firmware_told() -> None:
    protocol = GrblProtocol()
    protocol.rx_bytes = 20
    assert protocol.offer("G1X1Y1", 1)  # 7
    assert protocol.offer("G1X2Y2", 2)  # 14
    assert protocol.offer("G1X3Y3", 3) is None
    assert protocol.offer("G1X3", 3)  # 19
    protocol.receive(b"<Run|MPos:0,0,0|FS:1,1>\r\n[MSG:x]\r\nALARM:2\r\n")
    assert protocol.in_flight == 3
    protocol.receive(b"ok\r\n")
    assert (protocol.in_flight, protocol.done) == (2, 1)


def test_without_a_told_size_one_line_goes_at_a_time() -> None:
    protocol = GrblProtocol()
    assert protocol.offer("G1X1", 1)
    assert protocol.offer("G1X2", 2) is None


@pytest.mark.parametrize(
    "line", ["G10 L2 P1 X0", "g10l20p1x0", "G28.1", "G30.1", "$100=80", "$RST=*", "G54", "G21 G55", "G28", "$$", "M30"]
)  # fmt: skip
def test_lines_that_touch_the_eeprom_go_alone(line: str) -> None:
    protocol = GrblProtocol()
    protocol.rx_bytes = 127
    protocol.offer("G1X1", 1)
    assert protocol.offer(line, 2) is None
    protocol.receive(b"ok\r\n")
    assert protocol.offer(line, 2)
    assert protocol.offer("G1X2", 3) is None
    protocol.receive(b"ok\r\n")
    assert protocol.offer("G1X2", 3)
    assert protocol.offer("G1X3", 4)
    assert protocol.offer("G2 X10 Y54", 5)


def test_an_error_names_its_line() -> None:
    protocol = GrblProtocol()
    protocol.rx_bytes = 127
    protocol.offer("G1X1", 4)
    protocol.offer("G5X1", 6)
    assert protocol.receive(b"ok\r\nerror:20\r\n") == [OK, Rejected(20, 6, "G5X1")]


@pytest.mark.parametrize("line", ["G1 X1 ?", "M0 !", "G1~", "G1 X\x84", "G1 é", "G1 " + "X1" * 80])
def test_realtime_characters_are_refused_inside_lines(line: str) -> None:
    assert unsendable(line)


@pytest.mark.parametrize(
    ("line", "patient"), [("G4 P30", True), ("$H", True), ("M0", True), ("G43.1 Z1", False), ("M03 S1", False)]
)
def test_long_lines_are_known(line: str, patient: bool) -> None:
    protocol = GrblProtocol()
    protocol.offer(line, 1)
    assert protocol.patience_s(1.0, 9.0)[0] == (9.0 if patient else 1.0)
    protocol.receive(b"ok\r\n")
    assert protocol.patience_s(1.0, 9.0) == (1.0, 1.0)


@given(st.binary(max_size=200))
@settings(deadline=None, max_examples=100)
def test_any_bytes_are_survived(said: bytes) -> None:
    GrblProtocol().receive(said + b"\n")
