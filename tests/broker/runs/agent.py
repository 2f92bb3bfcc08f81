"""A tiny agent: a real key, a real socket, and nothing that drives a machine."""

import asyncio
import base64
import contextlib
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import TypeAdapter
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from broker.wire.messages import (
    Ack,
    AgentFrame,
    Body,
    BrokerFrame,
    Challenge,
    Claimed,
    Counted,
    Envelope,
    Events,
    Finished,
    Heartbeat,
    Hello,
    LotCount,
    MachineReport,
    Permit,
    PermitRefused,
    PermitRequest,
    Running,
    RunOffer,
    SetupRecord,
    Signed,
    Staged,
    Starting,
    Welcome,
)
from broker.wire.plates import Plate
from broker.wire.shop import Enrolled

from broker.wire.messages import Armed, Availability  # isort: skip
from broker.wire.signing import AGENT_HEADER, SIGNATURE_HEADER, TIME_HEADER, get_text, hello_text

_FRAME: TypeAdapter[BrokerFrame] = TypeAdapter(BrokerFrame)
_WITHIN_S = 60.0
Frame = TypeVar("Frame")
_numbers = itertools.count(1)


def new_name(kind: str) -> str:
    return f"{kind}-{next(_numbers)}"


@dataclass(slots=True)
class Key:
    private: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def public(self) -> str:
        return base64.b64encode(self.private.public_key().public_bytes_raw()).decode()

    def sign(self, text: str) -> str:
        return base64.b64encode(self.private.sign(text.encode())).decode()


async def enrol(url: str, code: str, key: Key) -> httpx.Response:
    async with httpx.AsyncClient(base_url=f"{url}/api/v1", trust_env=False) as client:
        return await client.post("/agents/enroll", json={"code": code, "public_key": key.public})


@dataclass(slots=True)
class RunHand:
    """What the agent knows of one run."""

    run: str
    fence: int
    version: int
    plate: str
    machine: str


@dataclass(slots=True)
class WireAgent:
    """Keeps its outbox in memory: `seq` counts on over connections, as a journal would."""

    url: str
    key: Key
    agent: str
    at: datetime
    epoch: str = field(default_factory=lambda: new_name("epoch"))
    seq: int = 0
    socket: ClientConnection | None = None
    heard: list[BrokerFrame] = field(default_factory=list)

    @classmethod
    async def enrolled(cls, url: str, code: str, at: datetime) -> "WireAgent":
        key = Key()
        answer = await enrol(url, code, key)
        assert answer.status_code == 201, answer.text
        return cls(url, key, Enrolled.model_validate_json(answer.content).agent, at)

    @contextlib.asynccontextmanager
    async def connected(self) -> AsyncIterator[Welcome]:
        async with self.dialled() as challenge:
            yield await self.hello(challenge)

    @contextlib.asynccontextmanager
    async def dialled(self) -> AsyncIterator[Challenge]:
        """The socket, before the hello."""
        address = f"{self.url.replace('http', 'ws', 1)}/api/v1/agents/socket"
        async with connect(address, proxy=None) as socket:
            self.socket, self.heard = socket, []
            try:
                yield await self.next(Challenge)
            finally:
                self.socket = None

    async def hello(self, challenge: Challenge, signature: str | None = None) -> Welcome:
        text = hello_text(challenge.nonce, self.agent, self.epoch)
        signature = signature or self.key.sign(text)
        await self.send(Hello(agent=self.agent, epoch=self.epoch, software="test", signature=signature))
        return await self.next(Welcome)

    async def send(self, frame: AgentFrame) -> None:
        assert self.socket is not None
        await self.socket.send(frame.model_dump_json())

    async def next(self, kind: type[Frame]) -> Frame:
        """The next frame of a kind, heard before or still to come; those of other kinds are kept."""
        for number, frame in enumerate(self.heard):
            if isinstance(frame, kind):
                del self.heard[number]
                return frame
        assert self.socket is not None
        async with asyncio.timeout(_WITHIN_S):
            while True:
                frame = _FRAME.validate_json(await self.socket.recv())
                if isinstance(frame, kind):
                    return frame
                self.heard.append(frame)

    async def closed(self) -> str:
        """Waits for the broker to close; its reason."""
        assert self.socket is not None
        try:
            async with asyncio.timeout(_WITHIN_S):
                while True:
                    await self.socket.recv()
        except ConnectionClosed as error:
            return error.rcvd.reason if error.rcvd else ""

    def signed(self, body: Body, hand: RunHand | None = None, **changes: object) -> Signed:
        """The next event of the outbox, not yet sent."""
        self.seq += 1
        envelope = Envelope(
            agent=self.agent,
            epoch=self.epoch,
            seq=self.seq,
            at=self.at,
            run=hand.run if hand else None,
            fence=hand.fence if hand else 0,
            version=hand.version if hand else 0,
            body=body,
        )
        payload = envelope.model_copy(update=changes).model_dump_json()
        return Signed(payload=payload, signature=self.key.sign(payload))

    async def say(self, body: Body, hand: RunHand | None = None) -> Ack:
        """Send one event and take its acknowledgement; the run's version counts on."""
        await self.send(Events(events=(self.signed(body, hand),)))
        ack = await self.next(Ack)
        if hand is not None:
            hand.version += 1
        return ack

    async def free(self, *machines: str) -> None:
        """A heartbeat, heard by the broker when this returns."""
        await self.beat(*(MachineReport(machine=name, availability=Availability.FREE) for name in machines))

    async def beat(self, *reports: MachineReport, leases: tuple[str, ...] = ()) -> None:
        await self.send(Heartbeat(machines=reports, leases=leases))
        await self.send(Events(events=()))
        await self.next(Ack)

    async def hold(self, hand: RunHand) -> None:
        """Renew the run's lease."""
        report = MachineReport(machine=hand.machine, availability=Availability.BUSY, run=hand.run)
        await self.beat(report, leases=(hand.run,))

    async def offered(self) -> RunHand:
        offer = await self.next(RunOffer)
        return RunHand(offer.run, offer.fence, offer.version, offer.plate_sha256, offer.machine)

    async def fetch(self, sha256: str, **changes: str) -> httpx.Response:
        path = f"/api/v1/agents/blobs/{sha256}"
        time = self.at.astimezone(UTC).isoformat()
        signature = self.key.sign(get_text(self.agent, time, path))
        headers = {AGENT_HEADER: self.agent, TIME_HEADER: time, SIGNATURE_HEADER: signature} | changes
        async with httpx.AsyncClient(base_url=self.url, trust_env=False) as client:
            return await client.get(path, headers=headers)

    async def plate(self, hand: RunHand) -> Plate:
        return Plate.model_validate_json((await self.fetch(hand.plate)).content)

    def record(self, plate: Plate) -> SetupRecord:
        return SetupRecord(
            id=new_name("record"),
            operator="eva",
            boot_id="b1",
            at=self.at,
            bed_clear=True,
            material=plate.material,
            tool_mm=0.4,
        )

    async def arm(self, hand: RunHand) -> SetupRecord:
        """Claim, stage and arm."""
        record = self.record(await self.plate(hand))
        await self.say(Claimed(), hand)
        await self.say(STAGED, hand)
        await self.say(Armed(record=record), hand)
        return record

    async def ask(self, hand: RunHand, record: SetupRecord, request: str = "") -> Permit | PermitRefused:
        await self.send(
            PermitRequest(
                run=hand.run,
                fence=hand.fence,
                version=hand.version,
                record=record.id,
                request=request or new_name("request"),
            )
        )
        answer = await self.next(Permit | PermitRefused)  # type: ignore[arg-type]
        assert isinstance(answer, Permit | PermitRefused)
        return answer

    async def start(self, hand: RunHand) -> None:
        """From an offer to a running machine."""
        permit = await self.ask(hand, await self.arm(hand))
        assert isinstance(permit, Permit)
        hand.version = permit.version
        await self.say(Starting(), hand)
        await self.say(Running(evidence="M73 P1"), hand)

    async def finish(self, hand: RunHand, *counts: LotCount) -> None:
        await self.say(FINISHED, hand)
        await self.say(Counted(operator="eva", counts=counts), hand)


STAGED = Staged(program_sha256="0" * 64, lines=1000, estimate_s=600.0, made_by="slicer 1.0")
FINISHED = Finished(lines=1000, seconds=590.0)
