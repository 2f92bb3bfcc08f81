"""Plates and parts by their SHA-256, over signed GETs; what was fetched once is kept."""

import asyncio
import hashlib
import os
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import httpx

from broker.wire.signing import AGENT_HEADER, SIGNATURE_HEADER, TIME_HEADER, get_text
from shop_agent.errors import StagingFailed
from shop_agent.identity import Signer
from shop_agent.settings import is_local

MAX_BYTES = 1_000_000_000
_TIMEOUT = httpx.Timeout(30.0)


class BrokerUnreachable(Exception):
    """Try again later; the lease goes on meanwhile."""


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
        route = f"/api/v1/agents/blobs/{sha256}"
        digest, size = hashlib.sha256(), 0
        try:
            async with (
                httpx.AsyncClient(timeout=_TIMEOUT, trust_env=not is_local(self._broker)) as client,
                client.stream("GET", f"{self._broker}{route}", headers=self._headers(route)) as answer,
            ):
                _require_ok(answer, sha256)
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

    def _headers(self, route: str) -> dict[str, str]:
        agent, time = self._signer.identity.agent, self._now().isoformat()
        signature = self._signer.sign(get_text(agent, time, route))
        return {AGENT_HEADER: agent, TIME_HEADER: time, SIGNATURE_HEADER: signature}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _require_ok(answer: httpx.Response, sha256: str) -> None:
    if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise BrokerUnreachable(f"the broker answered HTTP {answer.status_code}")
    if answer.status_code != httpx.codes.OK:
        raise StagingFailed(f"the broker refuses blob {sha256[:12]}: HTTP {answer.status_code}")
