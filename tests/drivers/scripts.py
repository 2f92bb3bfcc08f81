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
    """A machine that executes at once. `door`: it knows 0x84."""

    says: dict[bytes, bytes] = field(default_factory=dict)
    door: bool = True
    options: bytes = b"[OPT:V,15,128]\r\n"
    state: bytes = b"Idle"
    rpm: int = 0
    texts: Heard = field(default_factory=Heard)

    def __call__(self, line: bytes) -> bytes:
        self.texts.append(line)
        if line in self.says:
            return self.says.pop(line)
        if line.startswith(b"M3"):
            self.rpm = 8000
        if line.startswith(b"M5"):
            self.rpm = 0
        if line == b"$H":
            self.state = b"Idle"
        told = {b"$I": self.options, b"$#": b"[G54:10.000,20.000,-3.500]\r\n"}.get(line, b"")
        return told + b"ok\r\n"

    def realtime(self, byte: int) -> bytes:
        if byte != 0x3F:
            self.texts.append(bytes([byte]))
        match byte:
            case 0x3F:
                return b"<%s|MPos:1.000,2.000,3.000|FS:0,%d|WCO:0.000,0.000,0.000>\r\n" % (self.state, self.rpm)
            case 0x84 if self.door:
                self.state, self.rpm = b"Door:0", 0
            case 0x21 if self.state in (b"Idle", b"Run"):
                self.state = b"Hold:0"
            case 0x9E:
                self.rpm = 0
            case 0x7E:
                self.state = b"Idle"
            case 0x18:
                self.state, self.rpm = b"Alarm" if self.state == b"Alarm" else b"Idle", 0
                return b"\r\nGrbl 1.1h ['$' for help]\r\n"
        return b""
