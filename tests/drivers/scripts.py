"""Small firmwares that say what a test wants them to say."""

import re
from collections import UserList
from dataclasses import dataclass, field
from threading import Condition

NUMBERED = re.compile(rb"N\d+ (.*)\*\d+")


class Heard(UserList[bytes]):
    """What arrived, in order; another thread may wait for it."""

    def __init__(self, initial: list[bytes] | None = None) -> None:
        super().__init__(initial)
        self._more = Condition()

    def append(self, item: bytes) -> None:
        with self._more:
            super().append(item)
            self._more.notify_all()

    def wait_for(self, item: bytes) -> None:
        with self._more:
            assert self._more.wait_for(lambda: item in self.data, timeout=20)


@dataclass
class MarlinScript:
    """Answers a line by its text, without number and checksum; `says` overrules what a sound Marlin says, once each."""

    says: dict[bytes, bytes] = field(default_factory=dict)
    always: dict[bytes, bytes] = field(default_factory=dict)
    """As `says`, again and again."""
    autoreport: bool = False
    capabilities: tuple[str, ...] = ()
    targets: dict[bytes, bytes] = field(default_factory=lambda: {b"104": b"0", b"140": b"0"})
    texts: Heard = field(default_factory=Heard)

    def __call__(self, line: bytes) -> bytes:
        match = NUMBERED.fullmatch(line)
        text = match.group(1) if match else line
        if not text:
            return b""
        self.texts.append(text)
        for code in (b"104", b"140"):
            if text.startswith((b"M" + code, b"M1" + {b"104": b"09", b"140": b"90"}[code])):
                self.targets[code] = text.split(b"S")[1]
        if text in self.says:
            return self.says.pop(text)
        return self.always[text] if text in self.always else self._sound(text)

    def _sound(self, text: bytes) -> bytes:
        if text == b"M115":
            more = "".join(f"Cap:{name}:1\n" for name in self.capabilities).encode()
            return b"FIRMWARE_NAME:Marlin 2.1\nCap:AUTOREPORT_TEMP:%d\n%sok\n" % (self.autoreport, more)
        if text == b"M105":
            return b"ok T:21.0 /%s B:20.0 /%s @:0\n" % (self.targets[b"104"], self.targets[b"140"])
        if text == b"M114":
            return b"X:1.00 Y:2.00 Z:3.00 E:0.00 Count X:0 Y:0 Z:0\nok\n"
        return b"" if text in (b"M108", b"M112") else b"ok\n"


@dataclass
class GrblScript:
    """A machine that executes at once. `door`: it knows 0x84; `checks`: it knows check mode, and answers a line there
    by `in_check`."""

    says: dict[bytes, bytes] = field(default_factory=dict)
    in_check: dict[bytes, bytes] = field(default_factory=dict)
    door: bool = True
    checks: bool = True
    options: bytes = b"[OPT:V,15,128]\r\n"
    banner: bytes = b"\r\nGrbl 1.1h ['$' for help]\r\n"
    modes: bytes = b"G0 G54 G17 G21 G90 G94 M5 M9 T0 F0 S0"
    offset: bytes = b"10.000,20.000,-3.500"
    pins: bytes = b""
    place: bytes = b"1.000,2.000,3.000"
    state: bytes = b"Idle"
    rpm: int = 0
    overrides: list[int] = field(default_factory=lambda: [100, 100, 100])
    banners: list[bytes] = field(default_factory=list)
    """What comes instead of the next ones."""
    stuck: bytes = b""
    """Letters of what stays on, whatever is said."""
    off_in_hold: bool = False
    door_open: bool = False
    steered: bool = True
    """It takes overrides."""
    texts: Heard = field(default_factory=Heard)

    def __call__(self, line: bytes) -> bytes:
        self.texts.append(line)
        if self.state == b"Check":
            return self.in_check.get(line, b"ok\r\n")
        if line in self.says:
            return self.says.pop(line)
        if line == b"$C":
            self.state = b"Check" if self.checks else self.state
            return b"[MSG:Enabled]\r\nok\r\n" if self.checks else b"error:3\r\n"
        if line.startswith(b"M3"):
            self.rpm = 8000
        if line.startswith(b"M5"):
            self.rpm = 0
        if line == b"$H":
            self.state = b"Idle"
        return self._told(line) + b"ok\r\n"

    def _told(self, line: bytes) -> bytes:
        match line:
            case b"$I":
                return self.options
            case b"$#":
                return b"[G54:%s]\r\n[G92:0.000,0.000,0.000]\r\n[TLO:0.000]\r\n" % self.offset
            case b"$G":
                return b"[GC:%s]\r\n" % self.modes
            case _:
                return b""

    def realtime(self, byte: int) -> bytes:
        if byte != 0x3F:
            self.texts.append(bytes([byte]))
        match byte:
            case 0x3F:
                return self.report()
            case 0x84 if self.door and self.state != b"Check":
                self.state, self.rpm = b"Door:0", 0
            case 0x21 if self.state in (b"Idle", b"Run"):
                self.state = b"Hold:0"
                self.rpm *= not self.off_in_hold
            case 0x9E:
                self.rpm = 0
            case 0x7E if not self.door_open:
                self.state = b"Idle"
            case 0x18:
                self.state, self.rpm = b"Alarm" if self.state == b"Alarm" else b"Idle", 0
                return self.banners.pop(0) if self.banners else self.banner
            case _:
                self._override(byte)
        return b""

    def report(self) -> bytes:
        state = b"Door:1" if self.door_open and self.state == b"Door:0" else self.state
        pins = b"|Pn:" + self.pins if self.pins else b""
        percents = b"%d,%d,%d" % tuple(self.overrides) + (b"|A:" + self.stuck if self.stuck else b"")
        return b"<%s|MPos:%s|FS:0,%d%s|WCO:%s|Ov:%s>\r\n" % (
            state, self.place, self.rpm, pins, self.offset, percents,
        )  # fmt: skip

    def _override(self, byte: int) -> None:
        if not self.steered:
            return
        rapids = {0x95: 100, 0x96: 50, 0x97: 25}
        if byte in rapids:
            self.overrides[1] = rapids[byte]
        for which, first in ((0, 0x91), (2, 0x9A)):
            if first <= byte < first + 4:
                self.overrides[which] += (10, -10, 1, -1)[byte - first]
