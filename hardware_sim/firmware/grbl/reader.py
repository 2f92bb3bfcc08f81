"""Grbl's lines: the RX buffer, one at a time, its answer. Source: Grbl 1.1h protocol.c protocol_main_loop()."""

from math import inf
from typing import TYPE_CHECKING

from hardware_sim.firmware.grbl import program, system
from hardware_sim.firmware.grbl.errors import Code, GrblError
from hardware_sim.firmware.waits import Execution, Motion, Wait

if TYPE_CHECKING:
    from hardware_sim.firmware.grbl.machine import Grbl

LINE_LENGTH = 79


class Reader:
    """`execution` is the line being carried out: no other is read meanwhile."""

    def __init__(self, machine: "Grbl") -> None:
        self.execution: Execution | None = None
        self._machine = machine
        self._rx = bytearray()
        self._line = bytearray()
        self._wait: Wait = 0.0

    @property
    def waiting_bytes(self) -> int:
        """What stands in the RX buffer."""
        return len(self._rx)

    def next_at(self) -> float:
        """When the line goes on by time alone."""
        return self._wait if self.execution is not None and isinstance(self._wait, float) else inf

    def feed(self, data: bytes) -> None:
        machine = self._machine
        start = 0
        while start < len(data):
            if machine.deaf():
                machine.witness.counters.lost_bytes += len(data) - start
                return
            if self._reading():
                start = self._read(data, start)
                machine.catch_up()
                continue
            room = max(0, machine.dialect.rx_bytes - 1 - len(self._rx))
            self._rx += data[start : start + room]
            machine.witness.counters.lost_bytes += max(0, len(data) - start - room)
            return

    def _reading(self) -> bool:
        return self.execution is None and self._machine.takes_lines()

    def _read(self, data: bytes, start: int) -> int:
        """Take bytes up to a line's end, and carry that line out; returns how far it got."""
        ends = [at for at in (data.find(b"\n", start), data.find(b"\r", start)) if at >= 0]
        if not ends:
            self._line += data[start:]
            return len(data)
        cut = min(ends)
        line = bytes(self._line) + data[start:cut]
        self._line.clear()
        self._execute(line)
        return cut + 1

    def resume(self) -> None:
        """Go on with what waits in the RX buffer."""
        while self._rx and self._reading():
            waiting = bytes(self._rx)
            self._rx.clear()
            used = self._read(waiting, 0)
            self._rx += waiting[used:]

    def _execute(self, line: bytes) -> None:
        machine = self._machine
        if machine.mishaps.bytes_armed:
            line, fault = machine.mishaps.strike_line(line)
            if fault is not None:
                machine.witness.note("fault", machine.now, kind=fault.kind.value)
        text = program.stripped(line.decode("latin-1"))
        try:
            if len(text) > LINE_LENGTH:
                raise GrblError(Code.LINE_TOO_LONG)
            execution = self._begin(text)
        except GrblError as error:
            self._refuse(error)
            return
        if execution is None:
            self.acknowledge()
            return
        self.execution = execution
        self._wait = -inf
        self.pump()

    def _begin(self, text: str) -> Execution | None:
        machine = self._machine
        if not text:
            return None
        if text[0] == "$":
            return system.execute(machine, text)
        if machine.alarm or machine.jogging:
            raise GrblError(Code.LOCKED)
        return program.execute(machine, text)

    def pump(self) -> None:
        """The line goes on, if what it waits for has come."""
        while self.execution is not None and self._met():
            try:
                self._wait = next(self.execution)
            except StopIteration:
                self.execution = None
                self.acknowledge()
                self.resume()
            except GrblError as error:
                self.execution = None
                self._refuse(error)
                self.resume()
        self._machine.retime()

    def _met(self) -> bool:
        wait, machine = self._wait, self._machine
        if wait is Motion.SLOT:
            return not machine.planner.full()
        if wait is Motion.STILL:
            return not machine.planner.blocks
        if wait is Motion.FREE:
            return machine.suspension is None
        return isinstance(wait, float) and machine.now >= wait

    def go_on(self) -> None:
        """After a hold: the line under execution, then what waits in the RX buffer."""
        self.pump()
        self.resume()
        self._machine.retime()

    def forget(self) -> None:
        """The line under execution will not be answered."""
        self.execution = None

    def acknowledge(self) -> None:
        mishaps = self._machine.mishaps
        self._machine.out += b"ok\r\n" * (mishaps.acknowledgements() if mishaps.ok_error else 1)

    def _refuse(self, error: GrblError) -> None:
        self._machine.out += f"error:{error.code.value}\r\n".encode()
