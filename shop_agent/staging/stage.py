"""From a claimed run to a checked program on the shop's disk, one plate at a time."""

import asyncio
import hashlib
import logging
import os
import secrets
import shutil
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from broker.wire.plates import Plate
from shop_agent.errors import StagingFailed
from shop_agent.settings import AgentConfig, Policy, limits_path
from shop_agent.staging.fetch import BrokerUnreachable, Fetcher
from shop_agent.staging.order import Made, MakeOrder

RETRY_S = 2.0
LONGEST_S = 3600.0
_LOG = logging.getLogger("llagar.staging")


@dataclass(slots=True)
class Stager:
    """One child at a time: streamers share the computer."""

    config: AgentConfig
    policy: Policy
    fetcher: Fetcher
    _turn: asyncio.Semaphore

    def folder(self, run: str) -> Path:
        """Named by a digest: the broker's ids are no paths."""
        return self.config.data / "runs" / hashlib.sha256(run.encode()).hexdigest()[:24]

    async def stage(self, run: str, machine: str, plate_sha256: str) -> Made:
        """Fetch, make, check. Raises StagingFailed; a broker that is away is waited for."""
        plate = await self._fetched(plate_sha256)
        try:
            parts = Plate.model_validate_json(plate.read_bytes()).parts
        except ValidationError as error:
            raise StagingFailed(f"the plate is not one of this version: {error.errors()[0]['msg']}") from error
        for sha256 in sorted({part.part_sha256 for part in parts}):
            await self._fetched(sha256)
        section = self.config.machine(machine)
        folder = self._fresh_folder(run)
        order = MakeOrder(
            plate=plate,
            parts=self.fetcher.folder,
            folder=folder,
            machine=section.spec(),
            profile=section.profile,
            limits=limits_path(self.config, self.policy, machine),
            policy=self.config.policy,
        )
        async with self._turn:
            return await _run_child(order)

    def _fresh_folder(self, run: str) -> Path:
        """Of this attempt alone: whatever is left of an earlier one can't write into it."""
        self.forget(run)
        folder = self.folder(run) / secrets.token_hex(6)
        folder.mkdir(parents=True)
        return folder

    async def _fetched(self, sha256: str) -> Path:
        said = ""
        while True:
            try:
                return await self.fetcher.fetch(sha256)
            except BrokerUnreachable as error:
                if str(error) != said:
                    said = str(error)
                    _LOG.warning("blob %s is waited for: %s", sha256[:12], said)
                await asyncio.sleep(RETRY_S)

    def forget(self, run: str) -> None:
        shutil.rmtree(self.folder(run), ignore_errors=True)

    def forget_old(self, before: datetime) -> None:
        """Programs, plates and parts that were written before this. A run that waited for so long starts no more."""
        for folder in (self.config.data / "runs", self.fetcher.folder):
            for path in folder.iterdir() if folder.exists() else ():
                if path.stat().st_mtime < before.timestamp():
                    shutil.rmtree(path) if path.is_dir() else path.unlink()


def make_stager(config: AgentConfig, policy: Policy, fetcher: Fetcher) -> Stager:
    return Stager(config, policy, fetcher, asyncio.Semaphore(1))


async def _run_child(order: MakeOrder) -> Made:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "shop_agent.staging.maker",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(LONGEST_S):
            out, complaints = await _converse(child, order)
    except TimeoutError as error:
        raise StagingFailed(f"no program after {LONGEST_S:.0f} s") from error
    finally:
        if child.returncode != 0:
            # All of its group: its slicer too. Nothing of it may be left.
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            await child.wait()
    try:
        return Made.model_validate_json(out)
    except ValidationError as error:
        last = complaints.decode(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
        raise StagingFailed(f"the maker ended with {child.returncode}: {last[0]}") from error


async def _converse(child: asyncio.subprocess.Process, order: MakeOrder) -> tuple[bytes, bytes]:
    """Output and complaints, once it has ended. Its stdin is kept open: the end of it would mean that we are gone."""
    if child.stdin is None or child.stdout is None or child.stderr is None:
        raise StagingFailed("the maker has no pipes")
    child.stdin.write(order.model_dump_json().encode() + b"\n")
    try:
        out, complaints = await asyncio.gather(child.stdout.read(), child.stderr.read())
        await child.wait()
    finally:
        child.stdin.close()
    return out, complaints
