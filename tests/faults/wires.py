"""An agent on another computer: a network namespace, joined to ours by a veth pair that can be cut. Needs root.

Plain links to a broker are for loopback alone, so the broker listens on a loopback address, and inside the namespace
that address is routed over the wire (`route_localnet`). The bench stays on the namespace's own 127.0.0.1; `BenchDoor`
lets people of our namespace in.
"""

import ctypes
import os
import secrets
import select
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict

BROKER_ADDRESS = "127.77.0.1"
_CLONE_NEWNET = 0x40000000
_NOBODY = "02:00:00:00:00:01"
"""A hardware address that nobody has."""


class Cut(StrEnum):
    OFF = "off"
    """The cable is pulled out, and both sides see it."""
    HALF = "half"
    """What the broker sends is lost, and nobody is told."""
    OTHER_HALF = "other half"
    """What the agent sends is lost."""


@dataclass(frozen=True, slots=True)
class Wire:
    """`namespace` is the agent's computer; `near` our end of the cable, `far` the agent's."""

    namespace: str
    near: str
    far: str
    near_ip: str
    far_ip: str

    def cut(self, how: Cut) -> None:
        match how:
            case Cut.OFF:
                _ip("link", "set", self.near, "down")
            case Cut.HALF:
                _ip("neigh", "replace", self.far_ip, "lladdr", _NOBODY, "nud", "permanent", "dev", self.near)
            case Cut.OTHER_HALF:
                self._inside("neigh", "replace", self.near_ip, "lladdr", _NOBODY, "nud", "permanent", "dev", self.far)

    def mend(self) -> None:
        """Whatever was cut."""
        _ip("link", "set", self.near, "up")
        for inside, ip, device in ((False, self.far_ip, self.near), (True, self.near_ip, self.far)):
            where = ("-n", self.namespace) if inside else ()
            subprocess.run(["ip", *where, "neigh", "del", ip, "dev", device], check=False, capture_output=True)

    def _inside(self, *words: str) -> None:
        _ip("-n", self.namespace, *words)

    def lay(self) -> None:
        _ip("netns", "add", self.namespace)
        _ip("link", "add", self.near, "type", "veth", "peer", "name", self.far, "netns", self.namespace)
        _ip("addr", "add", f"{self.near_ip}/30", "dev", self.near)
        _ip("link", "set", self.near, "up")
        self._inside("link", "set", "lo", "up")
        # Of the loopback network only 127.0.0.1 stays inside.
        self._inside("addr", "del", "127.0.0.1/8", "dev", "lo")
        self._inside("addr", "add", "127.0.0.1/32", "dev", "lo")
        self._inside("addr", "add", f"{self.far_ip}/30", "dev", self.far)
        self._inside("link", "set", self.far, "up")
        for where, device in (((), self.near), (("ip", "netns", "exec", self.namespace), self.far)):
            for key, value in (("route_localnet", "1"), ("rp_filter", "0")):
                _run(*where, "sysctl", "-q", "-w", f"net.ipv4.conf.{device}.{key}={value}")
        via = ("via", self.near_ip, "dev", self.far, "src", self.far_ip)
        self._inside("route", "add", f"{BROKER_ADDRESS}/32", *via)

    def take_away(self) -> None:
        subprocess.run(["ip", "link", "del", self.near], check=False, capture_output=True)
        subprocess.run(["ip", "netns", "del", self.namespace], check=False, capture_output=True)


def _fresh_wire() -> Wire:
    """Of names and addresses that others who test at the same time are unlikely to have."""
    word, net = secrets.token_hex(4), f"10.213.{secrets.randbelow(254)}"
    return Wire(f"llagar-{word}", f"n{word}", f"f{word}", f"{net}.1", f"{net}.2")


@contextmanager
def wires(*shops: str) -> Iterator[dict[str, Wire]]:
    """One for each; nothing of them is left. Raises subprocess.CalledProcessError where that isn't allowed."""
    made = {shop: _fresh_wire() for shop in shops}
    try:
        for wire in made.values():
            wire.lay()
        yield made
    finally:
        for wire in made.values():
            wire.take_away()


def agents_inside(folder: Path, command: str, made: Mapping[str, Wire]) -> Path:
    """A folder with a `llagar-agent` that runs each shop's on that shop's computer."""
    folder.mkdir()
    cases = "\n".join(
        f'*"/shops/{shop}/"*) exec ip netns exec {wire.namespace} {command} "$@" ;;' for shop, wire in made.items()
    )
    script = folder / "llagar-agent"
    script.write_text(f'#!/bin/sh\ncase "$*" in\n{cases}\n*) exec {command} "$@" ;;\nesac\n')
    script.chmod(0o755)
    return folder


def _ip(*words: str) -> None:
    _run("ip", *words)


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True, text=True)


# People of our namespace at the bench of another ---------------------------------------------------------


class _Address(BaseModel):
    model_config = ConfigDict(extra="ignore")

    url: str


class BenchDoor:
    """A Unix socket at `path` that leads to the bench of an agent inside `namespace`, wherever it listens just now."""

    def __init__(self, path: Path, namespace: str, address: Path) -> None:
        self._address = address
        self._namespace = Path("/run/netns") / namespace
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._threads = [threading.Thread(target=self._serve, name="bench door")]
        self._threads[0].start()

    def close(self) -> None:
        """Once all visitors have gone."""
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _serve(self) -> None:
        # A thread of its own stands in the other namespace: sockets belong to where they were made.
        _enter(self._namespace)
        while True:
            try:
                visitor, _ = self._listener.accept()
            except OSError:
                return
            self._threads.append(threading.Thread(target=self._let_in, args=(visitor,), name="bench door"))
            self._threads[-1].start()

    def _let_in(self, visitor: socket.socket) -> None:
        """A thread starts where the one stands that made it."""
        with visitor, socket.socket() as bench, suppress(OSError):  # either may have gone, or no agent is there
            port = int(_Address.model_validate_json(self._address.read_bytes()).url.rsplit(":", 1)[1])
            bench.connect(("127.0.0.1", port))
            other = {visitor: bench, bench: visitor}
            while True:
                for source in select.select(list(other), [], [])[0]:
                    data = source.recv(65536)
                    if not data:
                        return
                    other[source].sendall(data)


def _enter(namespace: Path) -> None:
    """This thread alone."""
    with namespace.open("rb") as file:
        if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), _CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"can't enter {namespace}")


def may_lay() -> str:
    """Why wires can't be laid here; empty if they can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if shutil.which("ip") is None or shutil.which("sysctl") is None:
        return "iproute2 and procps are missing"
    try:
        with wires("probe"):
            return ""
    except subprocess.CalledProcessError as error:
        return f"no network namespace can be made here: {error.stderr.strip()}"
