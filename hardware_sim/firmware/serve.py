"""One process serves one machine: its link, its control socket, its files. It ends when its parent does."""

import os
import select
import signal
import socket
import stat
import sys
import time
from contextlib import ExitStack
from types import FrameType

from hardware_sim.firmware.config import MachineConfig
from hardware_sim.firmware.control import Bench
from hardware_sim.firmware.firmware import make
from hardware_sim.firmware.links import wire
from hardware_sim.firmware.record import Recorder

LOOK_S = 0.25
"""How often to look whether the parent lives, at least."""
SOON_S = 0.01
"""How often, while a host is coming up."""
TX_LIMIT = 4096
"""A host that doesn't read stops the firmware, as a full TX buffer does."""


class Server:
    def __init__(self, config: MachineConfig) -> None:
        self.config = config
        self.port, self.computer = wire(config)
        self.firmware = make(config)
        self.bench = Bench(self.firmware, self.computer)
        self.recorder = Recorder(config.folder, config.name, self.firmware.witness)
        self._parent = os.getppid()
        self._watch_stdin = stat.S_ISFIFO(os.fstat(0).st_mode) or stat.S_ISSOCK(os.fstat(0).st_mode)
        self._ending = False
        self._announced = False
        self._unsent = bytearray()
        self._plug_at = 0.0
        self._powered = False
        self._clients: dict[int, tuple[socket.socket, bytearray]] = {}

    def run(self) -> None:
        """Serve until the parent dies, standard input ends (where it is a pipe), or SIGTERM or SIGINT comes."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        with ExitStack() as stack:
            stack.callback(self._close)
            self._listener = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            self.config.control.parent.mkdir(parents=True, exist_ok=True)
            self.config.control.unlink(missing_ok=True)
            self._listener.bind(str(self.config.control))
            self._listener.listen()
            self.port.plug()
            if self.computer is not None:
                stack.enter_context(self.computer)
            while not self._ending and os.getppid() == self._parent:
                self._step()

    def _announce(self) -> None:
        """Say once where it is reached: behind a host, when that has found its board."""
        if self.computer is not None and not self.computer.settled:
            return
        address = self.port.address if self.computer is None else self.computer.url
        sys.stdout.write(f"{self.config.name}: serving at {address}\n")
        sys.stdout.flush()
        self._announced = True

    def _end(self, _: int, __: FrameType | None) -> None:
        self._ending = True

    def _close(self) -> None:
        self.firmware.witness.rest(time.monotonic(), "power off")
        self.recorder.record(time.monotonic(), everything=True)
        self.recorder.close()
        self.port.unplug()
        self.config.control.unlink(missing_ok=True)
        for client, _ in self._clients.values():
            client.close()

    def _step(self) -> None:
        now = time.monotonic()
        if self.computer is not None:
            self.computer.check()
        self._send(self.firmware.advance(now))
        self._cable(now)
        self.recorder.record(now)
        if not self._announced:
            self._announce()
        timeout = min(self.firmware.next_event() - time.monotonic(), LOOK_S if self._announced else SOON_S)
        listening = [self._listener, *(client for client, _ in self._clients.values())]
        wakers = self.port.wakers()
        readers: list[int | socket.socket] = [*listening, *wakers, *([0] if self._watch_stdin else [])]
        if self.port.connected and len(self._unsent) < TX_LIMIT:
            readers.append(self.port.descriptor)
        writers = [self.port.descriptor] if self.port.connected and self._unsent else []
        ready, _, _ = select.select(readers, writers, [], max(0.0, timeout))
        for source in ready:
            if source == self.port.descriptor:
                self._receive()
            elif source in wakers:
                self._look()
            elif source is self._listener:
                client, _ = self._listener.accept()
                self._clients[client.fileno()] = (client, bytearray())
            elif source == 0:
                self._ending = not os.read(0, 4096)
            elif isinstance(source, socket.socket):
                self._obey(source)
        self._send(b"")

    def _receive(self) -> None:
        data = self.port.read()
        if data:
            self._send(self.firmware.receive(data, time.monotonic()))

    def _send(self, data: bytes) -> None:
        self._unsent += data
        if not self.port.connected:
            self._unsent.clear()
        elif self._unsent:
            del self._unsent[: self.port.write(bytes(self._unsent))]

    def _cable(self, now: float) -> None:
        """Plugging, unplugging, and what opening the port does to the board."""
        if self.firmware.unplug_s is not None:
            self._plug_at = now + self.firmware.unplug_s if self.firmware.unplug_s > 0 else float("inf")
            self.firmware.unplug_s = None
            self.port.unplug()
        if self._plug_at <= now or self.bench.plug_asked:
            self._plug_at, self.bench.plug_asked = now, False
            self.port.plug()

    def _look(self) -> None:
        """Opening the port restarts the board, where it does; what had been sent before comes first."""
        if self.port.connected:
            self._receive()
        if self.port.opened() and (self.config.resets_on_open or not self._powered):
            self._powered = True
            self._unsent.clear()
            self._send(self.firmware.reset(time.monotonic(), "port opened"))

    def _obey(self, client: socket.socket) -> None:
        _, received = self._clients[client.fileno()]
        try:
            data = client.recv(65536)
        except ConnectionError:
            data = b""
        if not data:
            self._drop(client)
            return
        received += data
        *lines, rest = bytes(received).split(b"\n")
        received[:] = rest
        for line in lines:
            now = time.monotonic()
            reply, out = self.bench.answer(line, now)
            self._send(out)
            self._cable(now)
            self.recorder.record(now, everything=True)
            try:
                client.sendall(reply)
            except ConnectionError:
                # Whoever asked has gone; the command is carried out all the same.
                self._drop(client)
                return

    def _drop(self, client: socket.socket) -> None:
        del self._clients[client.fileno()]
        client.close()
