"""Plates and parts by their SHA-256, over signed GETs; what was fetched once is kept."""

import asyncio
import hashlib
import logging
import os
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx

from broker.wire.signing import AGENT_HEADER, SIGNATURE_HEADER, TIME_HEADER, get_text
from shop_agent.errors import StagingFailed
from shop_agent.identity import Signer
from shop_agent.settings import is_local

MAX_BYTES = 1_000_000_000
_TIMEOUT = httpx.Timeout(30.0)
_CLOCKS_APART = timedelta(minutes=1)
"""Less is no reason for a broker to refuse what was signed."""
_LOG = logging.getLogger("llagar.staging")


class BrokerUnreachable(Exception):
    """Try again later; the lease goes on meanwhile."""


class _ClockOff(Exception):
    """The broker refuses what was signed at another time than its own."""

    def __init__(self, its_time: datetime) -> None:
        super().__init__(its_time)
        self.its_time = its_time


class Fetcher:
    def __init__(self, broker: str, signer: Signer, folder: Path, now: Callable[[], datetime]) -> None:
        self._broker = broker.rstrip("/")
        self._signer = signer
        self._folder = folder
        self._now = now
        # Two machines may want the same blob at once: it is fetched for both of them.
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @property
    def folder(self) -> Path:
        return self._folder

    async def fetch(self, sha256: str) -> Path:
        """The blob's file, verified. Raises BrokerUnreachable, StagingFailed if the broker has another file or none."""
        if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
            raise StagingFailed(f"{sha256!r} is no SHA-256")
        async with self._turns[sha256]:
            return await self._fetch(sha256)

    async def _fetch(self, sha256: str) -> Path:
        path = self._folder / sha256
        if path.exists() and await asyncio.to_thread(_digest, path) == sha256:
            return path
        self._folder.mkdir(parents=True, exist_ok=True)
        for damaged in self._folder.glob(f"{sha256}*"):  # what a reader has linked to it as well
            damaged.unlink()
        fresh = path.with_name(f"{sha256}.part")
        try:
            await self._download(sha256, fresh)
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)
        return path

    async def _download(self, sha256: str, target: Path) -> None:
        """A computer whose clock is off, as small ones without a battery are, signs at the broker's time."""
        own_time = self._now()
        try:
            await self._get(sha256, target, own_time)
        except _ClockOff as error:
            off_s = (own_time - error.its_time).total_seconds()
            _LOG.warning("this computer's clock is %+.0f s off the broker's: set it (NTP)", off_s)
            try:
                await self._get(sha256, target, error.its_time)
            except _ClockOff as moved:
                raise BrokerUnreachable(
                    f"the broker's clock stood at {error.its_time} and then at {moved.its_time}"
                ) from moved

    async def _get(self, sha256: str, target: Path, at: datetime) -> None:
        route = f"/api/v1/agents/blobs/{sha256}"
        digest, size = hashlib.sha256(), 0
        try:
            async with (
                httpx.AsyncClient(timeout=_TIMEOUT, trust_env=not is_local(self._broker)) as client,
                client.stream("GET", f"{self._broker}{route}", headers=self._headers(route, at)) as answer,
            ):
                _require_ok(answer, sha256, at)
                with target.open("wb") as file:
                    async for chunk in answer.aiter_bytes():
                        size += len(chunk)
                        if size > MAX_BYTES:
                            raise StagingFailed(f"blob {sha256[:12]} is over {MAX_BYTES:,} bytes")
                        digest.update(chunk)
                        file.write(chunk)
                    file.flush()
                    os.fsync(file.fileno())
        except httpx.HTTPError as error:
            raise BrokerUnreachable(f"{self._broker} does not answer: {error}") from error
        if digest.hexdigest() != sha256:
            raise StagingFailed(f"blob {sha256[:12]} came with other bytes: its SHA-256 is {digest.hexdigest()[:12]}")

    def _headers(self, route: str, at: datetime) -> dict[str, str]:
        agent, time = self._signer.identity.agent, at.isoformat()
        signature = self._signer.sign(get_text(agent, time, route))
        return {AGENT_HEADER: agent, TIME_HEADER: time, SIGNATURE_HEADER: signature}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _require_ok(answer: httpx.Response, sha256: str, at: datetime) -> None:
    if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise BrokerUnreachable(f"the broker answered HTTP {answer.status_code}")
    if answer.status_code == httpx.codes.UNAUTHORIZED:
        its_time = _time_of(answer)
        if its_time is not None and abs(its_time - at) > _CLOCKS_APART:
            raise _ClockOff(its_time)
    if answer.status_code != httpx.codes.OK:
        raise StagingFailed(f"the broker refuses blob {sha256[:12]}: HTTP {answer.status_code}")


def _time_of(answer: httpx.Response) -> datetime | None:
    """When it was made, by the clock of whoever made it."""
    try:
        time = parsedate_to_datetime(answer.headers.get("Date", ""))
    except ValueError:
        return None
    return time if time.tzinfo is not None else None
