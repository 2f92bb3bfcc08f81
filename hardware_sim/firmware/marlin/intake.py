"""Marlin's way from received bytes to queued commands: RX buffer, lines, numbers, checksums, Resend, BUFSIZE.

Source: Marlin 2.1 gcode/queue.cpp get_serial_commands(), gcode_line_error(). Knows no G-code and no physics.
"""

from collections import deque
from dataclasses import dataclass
from functools import reduce
from operator import xor

from hardware_sim.faults import Fault, Mishaps
from hardware_sim.firmware.config import PrinterConfig, Resend
from hardware_sim.firmware.marlin.emergency import Order, critical

BUFSIZE = 4
MAX_CMD_SIZE = 96
NEWLINE = 10


@dataclass(slots=True)
class Command:
    text: str
    number: int | None
    """None: it came without a line number."""
    injected: bool = False
    """The firmware's own: it stands in no queue and is not acknowledged."""


class Intake:
    """`queue[0]` is the command under execution; it holds its place until `release`."""

    def __init__(self, config: PrinterConfig, mishaps: Mishaps, out: bytearray) -> None:
        self.queue: deque[Command] = deque()
        self.out = out
        self.lost_bytes = 0
        self.resends = 0
        self.struck: list[Fault] = []
        self.last_number = 0
        self.orders: list[Order] = []
        """Emergencies found in reading, to be carried out at once; only without an emergency parser."""
        self._reads_orders = not config.emergency_parser
        self._resend = config.resend
        self._rx_bytes = config.rx_bytes
        self._mishaps = mishaps
        self._line = bytearray()
        self._rx = bytearray()
        self._drained = False

    def clear(self) -> None:
        """As after a reset."""
        self.queue.clear()
        self.last_number = 0
        self._line.clear()
        self._rx.clear()

    def feed(self, data: bytes, start: int = 0) -> int:
        """Take bytes from the wire until a command is queued or all are taken; returns how many were used."""
        if len(self.queue) >= BUFSIZE:
            room = self._rx_bytes - len(self._rx)
            arriving = len(data) - start
            self._rx += data[start : start + room] if room > 0 else b""
            self.lost_bytes += max(0, arriving - max(room, 0))
            return len(data)
        cut = data.find(NEWLINE, start)
        if cut < 0:
            self._line += data[start:]
            return len(data)
        line = bytes(self._line) + data[start:cut] if self._line else data[start:cut]
        self._line.clear()
        self._accept(line)
        return cut + 1

    def release(self) -> None:
        """The command under execution is done; read on from the RX buffer."""
        self.queue.popleft()
        while self._rx and len(self.queue) < BUFSIZE:
            waiting = bytes(self._rx)
            self._rx.clear()
            used = self.feed(waiting)
            # A damaged line drains what had been received after it.
            if used < len(waiting) and not self._drained:
                self._rx += waiting[used:]

    def _accept(self, line: bytes) -> None:
        self._drained = False
        if self._mishaps.bytes_armed:
            line, fault = self._mishaps.strike_line(line)
            if fault is not None:
                self.struck.append(fault)
        comment = line.find(b";")
        if comment >= 0:
            line = line[:comment]
        if len(line) >= MAX_CMD_SIZE:
            line = line[: MAX_CMD_SIZE - 1]
        line = line.strip(b" \t")
        if not line:
            return
        if line[0] == 78:
            self._numbered(line)
        else:
            text = line.decode("latin-1")
            star = text.find("*")
            if self._reads_orders and text[0] == "M" and (order := critical(text)) is not None:
                self.orders.append(order)
            self.queue.append(Command(text[:star] if star >= 0 else text, None))

    def _numbered(self, line: bytes) -> None:
        text = line.decode("latin-1")
        body = text.lstrip("N-0123456789")
        number = _integer(text[1 : len(text) - len(body)])
        sets_number = "M110" in text
        if sets_number:
            second = text.find("N", 4)
            if second >= 0:
                number = _integer(text[second + 1 :])
        if number != self.last_number + 1 and not sets_number:
            self._refuse("Line Number is not Last Line Number+1", None)
            return
        star = line.rfind(b"*")
        if star < 0:
            self._refuse("No Checksum with line number", None)
            return
        checksum = reduce(xor, line[:star])
        if _integer(text[star + 1 :]) != checksum:
            self._refuse("checksum mismatch", checksum)
            return
        self.last_number = number
        self.queue.append(Command(body[: body.rfind("*")].strip(), number))

    def _refuse(self, problem: str, checksum: int | None) -> None:
        self.resends += 1
        self._drained = True
        self._rx.clear()
        last = self.last_number
        if self._resend is Resend.RS:
            hint = f" Expected checksum {checksum}" if checksum is not None else f" {problem}"
            self.out += f"rs N{last + 1}{hint}\n".encode()
            return
        self.out += f"Error:{problem}, Last Line: {last}\nResend: {last + 1}\n".encode()
        if self._resend is Resend.OK:
            self.out += b"ok\n"


def _integer(text: str) -> int:
    """As C's strtol: the leading digits, 0 without any."""
    end = 1 if text.startswith("-") else 0
    while end < len(text) and text[end].isdigit():
        end += 1
    return int(text[:end]) if text[:end].lstrip("-").isdigit() else 0
