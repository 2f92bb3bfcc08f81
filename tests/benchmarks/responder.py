"""Firmware's end of a pty that costs next to nothing: it answers lines, and does nothing else.

`python -m tests.benchmarks.responder marlin|grbl` prints the port's path, serves until its standard input ends, then
prints how many lines it answered.
"""

import os
import re
import select
import sys
import tty

_NUMBER = re.compile(rb"N\d+ ")
_GREETING = b"\r\nGrbl 1.1h ['$' for help]\r\n"
_REPORT = b"<Run|MPos:0.000,0.000,0.000|FS:1000,0|WCO:0.000,0.000,0.000>\r\n"
_IDLE = _REPORT.replace(b"Run", b"Idle")
_CHECK = _REPORT.replace(b"Run", b"Check")
_MARLIN = {
    b"M105": b"ok T:21.0 /0.0 B:20.0 /0.0 @:0 B@:0\n",
    b"M115": b"FIRMWARE_NAME:Marlin 2.1 (bench) MACHINE_TYPE:Bench EXTRUDER_COUNT:1\nCap:AUTOREPORT_TEMP:1\nok\n",
    b"M114": b"X:0.00 Y:0.00 Z:0.00 E:0.00 Count X:0 Y:0 Z:0\nok\n",
    b"M486": b'echo:Unknown command: "M486"\nok\n',
}
_GRBL = {
    b"$I": b"[VER:1.1h.20190830:]\r\n[OPT:V,15,128]\r\nok\r\n",
    b"$#": b"[G54:0.000,0.000,0.000]\r\nok\r\n",
    b"$$": b"$10=1\r\n$13=0\r\n$30=1000\r\n$32=0\r\nok\r\n",
}


def marlin(data: bytes) -> bytes:
    if b" G1 " in data and b"M" not in data:
        return b"ok\n" * data.count(b"\n")
    return b"".join(_marlin_line(line) for line in data.split(b"\n")[:-1])


def _marlin_line(line: bytes) -> bytes:
    text = _NUMBER.sub(b"", line.partition(b"*")[0])
    return _MARLIN.get(text[:4], b"ok\n") if text else b""


class Grbl:
    """Reports Run while lines come, Idle once a dwell has synchronised."""

    def __init__(self) -> None:
        self.report = _IDLE
        self.checking = False

    def __call__(self, data: bytes) -> bytes:
        if b"$" not in data and b"\x18" not in data and b"G4" not in data and b"M" not in data:
            reports = data.count(b"?")
            lines = data.count(b"\n")
            if lines:
                self.report = _CHECK if self.checking else _REPORT
            return b"ok\r\n" * lines + self.report * reports
        return b"".join(self._piece(piece) for piece in re.split(rb"(?<=[\n?!~\x18\x84\x9e])", data) if piece)

    def _piece(self, piece: bytes) -> bytes:
        if piece == b"\x18":
            self.report, self.checking = _IDLE, False
            return _GREETING
        if piece == b"?":
            return self.report
        if not piece.endswith(b"\n"):
            return b""
        line = piece.strip()
        if line == b"$C":
            self.checking = not self.checking
            self.report = _CHECK if self.checking else _IDLE
            return b"[MSG:Enabled]\r\nok\r\n" if self.checking else b"[MSG:Disabled]\r\nok\r\n" + _GREETING
        if not self.checking:
            self.report = _IDLE if line.startswith((b"G4", b"M5", b"M9", b"$")) else _REPORT
        return _GRBL.get(line, b"ok\r\n")


def main(firmware: str) -> None:
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    answer = marlin if firmware == "marlin" else Grbl()
    sys.stdout.write(f"{os.ttyname(theirs)}\n")
    sys.stdout.flush()
    rest, lines = b"", 0
    if firmware == "grbl":
        os.write(ours, _GREETING)
    while True:
        ready, _, _ = select.select([ours, 0], [], [])
        if 0 in ready:
            break
        data = rest + os.read(ours, 65536)
        end = data.rfind(b"\n") + 1
        whole, rest = (data, b"") if firmware == "grbl" and b"\n" not in data else (data[:end], data[end:])
        lines += whole.count(b"\n")
        out = answer(whole)
        if out:
            os.write(ours, out)
    sys.stdout.write(f"{lines}\n")


if __name__ == "__main__":
    main(sys.argv[1])
