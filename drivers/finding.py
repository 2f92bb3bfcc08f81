"""Which machine answers at an address: its driver, its firmware, its speed, what it can do.

Nothing is moved or heated. A port that somebody has is left alone, and so is a machine at somebody else's work. But
opening a serial port restarts most boards: of one that prints from its own card nobody can know that beforehand.
"""

import os
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx

from drivers.base import Capabilities, PortSettings, SerialSign, Status, WebSign
from drivers.errors import DriverError, HostRefused, LinkLost, PortBusy
from drivers.registry import DRIVERS, make
from drivers.transports import Port

BOOT_S = 6.0
"""Longest from opening a port to a board's first answer."""
ASK_S = 1.0
"""Questions are repeated so often: those that come while a board boots are lost."""
SPEED_S = 1.5
"""How long another speed is tried, once the board has booted."""
WEB_S = 5.0
_LISTEN_S = 0.1
_TEXT_BYTES = 20_000
_BODY_BYTES = 65536
PATIENCE_S = 60.0
"""Longest for all together."""
_REFUSED = (401, 403)


class Outcome(StrEnum):
    FOUND = "found"
    IN_USE = "in use"
    """The port is open elsewhere; it was not touched."""
    AT_WORK = "at work"
    """It answers, and is at something that opening it would end."""
    NEEDS_KEY = "needs a key"
    FAULT = "fault"
    """It answers, but its driver can't open it."""
    UNKNOWN = "unknown"
    """Nothing that there is a driver for has answered."""
    GONE = "gone"
    """There is nobody at this address."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to look. `url` as in `PortSettings`."""

    url: str
    api_key: str = ""
    baudrate: int | None = None
    """Tried first."""


@dataclass(frozen=True, slots=True)
class Found:
    url: str
    outcome: Outcome
    driver: str = ""
    firmware: str = ""
    baudrate: int | None = None
    """None: it has none, or any does."""
    capabilities: Capabilities | None = None
    status: Status | None = None
    detail: str = ""


def look_at_all(places: Sequence[Place], patience_s: float = PATIENCE_S) -> list[Found]:
    """Side by side, in the order given: a board takes seconds to boot. What isn't done in time is left to itself."""
    held = holders()
    looks = [(place, _begin_look(place, held)) for place in places]
    deadline_s = time.monotonic() + patience_s
    return [_end_look(place, look, deadline_s) for place, look in looks]


def _begin_look(place: Place, held: Mapping[str, str]) -> "Future[Found]":
    look: Future[Found] = Future()

    def work() -> None:
        try:
            look.set_result(look_at(place, held))
        except BaseException as error:  # noqa: BLE001 - raised where the answer is awaited
            look.set_exception(error)

    # A daemon: whoever asked ends without it, should a driver never come back.
    threading.Thread(target=work, name=f"finding {place.url}", daemon=True).start()
    return look


def _end_look(place: Place, look: "Future[Found]", deadline_s: float) -> Found:
    try:
        return look.result(max(0.0, deadline_s - time.monotonic()))
    except TimeoutError:
        return Found(place.url, Outcome.FAULT, detail="it answers on and on, but tells nothing that its driver needs")


def look_at(place: Place, held: Mapping[str, str]) -> Found:
    """`held`: see `holders`."""
    if place.url.startswith(("http://", "https://")):
        return _look_at_host(place)
    holder = held.get(os.path.realpath(place.url))
    if holder is not None:
        return Found(place.url, Outcome.IN_USE, detail=f"{holder} has it open")
    return _look_at_port(place)


def holders() -> dict[str, str]:
    """Device → process of ours or, for root, of anybody's that has it open: not all programs lock their ports."""
    found: dict[str, str] = {}
    for process in Path("/proc").glob("[0-9]*"):
        if int(process.name) == os.getpid():
            continue
        try:
            name = (process / "comm").read_text().strip()
            for link in (process / "fd").iterdir():
                target = str(link.readlink())
                if target.startswith("/dev/"):
                    found[target] = f"{name} (process {process.name})"
        except OSError:
            continue  # it ended meanwhile, or is another user's
    return found


# Serial ports -------------------------------------------------------------------------------------


def any_speed(url: str) -> bool:
    """Pseudo-terminals and sockets pass bytes at any speed."""
    return bool(urlsplit(url).scheme) or os.path.realpath(url).startswith("/dev/pts/")


def _look_at_port(place: Place) -> Found:
    signs = {name: entry.sign for name, entry in DRIVERS.items() if isinstance(entry.sign, SerialSign)}
    speeds = _speeds(place, signs.values())
    port = Port(PortSettings(place.url, speeds[0]))
    try:
        port.open()
        found = _ask_at(port, place.url, signs, speeds)
    except PortBusy as error:
        return Found(place.url, Outcome.IN_USE, detail=str(error))
    except LinkLost as error:
        return Found(place.url, Outcome.GONE, detail=str(error))
    finally:
        port.close()
    return _meet(found, place) if found.outcome is Outcome.FOUND else found


def _speeds(place: Place, signs: Iterable[SerialSign]) -> tuple[int, ...]:
    """The likeliest of every firmware first."""
    usual = [speed for rank in zip(*(sign.baudrates for sign in signs), strict=False) for speed in rank]
    first = usual[0] if place.baudrate is None else place.baudrate
    return (first,) if any_speed(place.url) else tuple(dict.fromkeys((first, *usual)))


def _ask_at(port: Port, url: str, signs: Mapping[str, SerialSign], speeds: Sequence[int]) -> Found:
    """Raises LinkLost."""
    for number, speed in enumerate(speeds):
        if number:
            port.set_speed(speed)
        found = _listen(port, url, signs, BOOT_S if number == 0 else SPEED_S)
        if found is not None:
            return replace(found, baudrate=None if any_speed(url) else speed)
    tried = "" if len(speeds) == 1 else f" at {', '.join(map(str, speeds))}"
    return Found(url, Outcome.UNKNOWN, detail=f"no known firmware answers{tried}")


def _listen(port: Port, url: str, signs: Mapping[str, SerialSign], longest_s: float) -> Found | None:
    """Ask every firmware's question until one is recognised at rest, or the time is over."""
    text, best = "", None
    began_s = time.monotonic()
    asked_s = began_s + 0.2 - ASK_S  # a board's loader takes what comes at once for itself
    while (now_s := time.monotonic()) < began_s + longest_s:
        if now_s >= asked_s + ASK_S:
            asked_s = now_s
            port.send(b"".join(sign.question for sign in signs.values()))
        text = (text + port.read(_LISTEN_S).decode("latin-1"))[-_TEXT_BYTES:]
        for found in _recognised(text, url, signs):
            if found.outcome is Outcome.FOUND:
                return found
            best = found
    return best


def _recognised(text: str, url: str, signs: Mapping[str, SerialSign]) -> Iterator[Found]:
    whole = text[: text.rfind("\n") + 1]
    for driver, sign in signs.items():
        firmware = sign.recognise(whole)
        if firmware:
            busy = sign.busy(whole)
            yield Found(url, Outcome.AT_WORK if busy else Outcome.FOUND, driver, firmware, detail=busy)


def _meet(found: Found, place: Place, *, guarded: bool = False) -> Found:
    """What its own driver says of it; `guarded`: without a key it refused to answer."""
    port = PortSettings(place.url, api_key=place.api_key)
    driver = make(found.driver, port if found.baudrate is None else replace(port, baudrate=found.baudrate))
    try:
        capabilities = driver.open()
        status = driver.status()
    except PortBusy as error:
        return replace(found, outcome=Outcome.IN_USE, detail=str(error))
    except HostRefused as error:
        outcome = Outcome.NEEDS_KEY if guarded or error.status in _REFUSED else Outcome.FAULT
        return replace(found, outcome=outcome, detail=str(error))
    except DriverError as error:
        return replace(found, outcome=Outcome.FAULT, detail=f"{type(error).__name__}: {error}")
    finally:
        driver.close()
    return replace(
        found,
        firmware=capabilities.firmware,
        capabilities=capabilities,
        status=status,
        detail=status.reason,
    )


# Hosts --------------------------------------------------------------------------------------------


def usual_hosts(address: str = "127.0.0.1") -> list[str]:
    """Where the hosts that there are drivers for would listen on one computer."""
    ports = {port for entry in DRIVERS.values() if isinstance(entry.sign, WebSign) for port in entry.sign.ports}
    return [f"http://{address}:{port}" for port in sorted(ports)]


def _look_at_host(place: Place) -> Found:
    refused = answered = False
    try:
        with httpx.Client(timeout=WEB_S, trust_env=False) as client:
            for driver, entry in DRIVERS.items():
                if not isinstance(entry.sign, WebSign):
                    continue
                url = urljoin(f"{place.url}/", entry.sign.path.lstrip("/"))
                status, body = _get(client, url)
                answered, guarded = True, status in _REFUSED
                host = entry.sign.recognise(status, body)
                if guarded and not host and place.api_key:
                    # Only whoever asks for a key is shown it.
                    status, body = _get(client, url, place.api_key)
                    host = entry.sign.recognise(status, body)
                if host:
                    return _meet(Found(place.url, Outcome.FOUND, driver, host), place, guarded=guarded)
                refused = refused or status in _REFUSED
    except httpx.ConnectError as error:
        return Found(place.url, Outcome.GONE, detail=f"nobody listens: {error}")
    except httpx.HTTPError as error:
        return Found(
            place.url, Outcome.UNKNOWN if answered else Outcome.GONE, detail=f"{type(error).__name__}: {error}"
        )
    if refused:
        detail = "it does not accept the key" if place.api_key else "it answers nothing without a key"
        return Found(place.url, Outcome.NEEDS_KEY, detail=detail)
    return Found(place.url, Outcome.UNKNOWN, detail="no known host of machines answers")


def _get(client: httpx.Client, url: str, api_key: str = "") -> tuple[int, str]:
    """Status and the first of the body: whoever answers may be anybody. Raises httpx.HTTPError."""
    with client.stream("GET", url, headers={"X-Api-Key": api_key} if api_key else {}) as answer:
        body = b""
        for part in answer.iter_bytes():
            body += part
            if len(body) >= _BODY_BYTES:
                break
    return answer.status_code, body[:_BODY_BYTES].decode(errors="replace")
