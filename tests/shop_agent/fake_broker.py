"""A small broker for the agent to talk to: real sockets, real signatures, one strict rule for runs.

It holds runs as state, version and fence; an event moves a run only from the state, and at the version, that it has.
"""

import asyncio
import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from http import HTTPStatus
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import TypeAdapter
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from broker.wire import messages as wire
from broker.wire.plates import Plate
from broker.wire.signing import AGENT_HEADER, SIGNATURE_HEADER, TIME_HEADER, get_text, hello_text
from broker.wire.states import TRANSITIONS, RunState

FRAMES: TypeAdapter[wire.AgentFrame] = TypeAdapter(wire.AgentFrame)
AFTER: dict[str, RunState] = {
    "claimed": RunState.CLAIMED,
    "rejected": RunState.REJECTED,
    "staged": RunState.STAGED,
    "released": RunState.RELEASED,
    "armed": RunState.ARMED,
    "lapsed": RunState.STAGED,
    "not_started": RunState.CANCELLED,
    "starting": RunState.STARTING,
    "running": RunState.RUNNING,
    "paused": RunState.PAUSED,
    "resumed": RunState.RUNNING,
    "finished": RunState.FINISHED,
    "faulted": RunState.FAULTED,
    "stopped": RunState.STOPPED,
    "unknown": RunState.UNKNOWN,
    "counted": RunState.ACCEPTED,
    "settled": RunState.SCRAPPED,
}


@dataclass(slots=True)
class HeldRun:
    state: RunState = RunState.OFFERED
    version: int = 2
    fence: int = 1
    states: list[RunState] = field(default_factory=lambda: [RunState.OFFERED])


@dataclass
class FakeBroker:
    public_key: str
    agent: str = "agt_1"
    gives_permits: bool = True
    port: int = 0
    blobs: dict[str, bytes] = field(default_factory=dict)
    refusal_dates: list[datetime] = field(default_factory=list)
    """Of the next requests, which it refuses by its clock."""
    runs: dict[str, HeldRun] = field(default_factory=dict)
    inbox: dict[tuple[str, int], wire.Envelope] = field(default_factory=dict)
    conflicts: list[wire.Conflict] = field(default_factory=list)
    heartbeats: list[wire.Heartbeat] = field(default_factory=list)
    progress: list[wire.Progress] = field(default_factory=list)
    permit_requests: list[wire.PermitRequest] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    """Set with every frame that came."""
    forged: int = 0
    hellos: int = 0
    _server: Server | None = None
    _socket: ServerConnection | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self._server = await serve(self._talk, "127.0.0.1", self.port, process_request=self._http, max_size=None)
        self.port = next(iter(self._server.sockets)).getsockname()[1]

    async def stop(self) -> None:
        """As a broker that dies: what it holds stays, for `start`."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    def signed_by_agent(self, text: str, signature: str) -> bool:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(self.public_key))
        try:
            key.verify(base64.b64decode(signature), text.encode())
        except InvalidSignature:
            return False
        return True

    # Blobs ------------------------------------------------------------------------------------------

    def add_blob(self, data: bytes) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        self.blobs[sha256] = data
        return sha256

    def _http(self, _socket: ServerConnection, request: Request) -> Response | None:
        if request.path == "/api/v1/agents/socket":
            return None
        headers = request.headers
        text = get_text(headers[AGENT_HEADER], headers[TIME_HEADER], request.path)
        if not self.signed_by_agent(text, headers[SIGNATURE_HEADER]):
            self.forged += 1
            return _response(HTTPStatus.UNAUTHORIZED, b"")
        if self.refusal_dates:
            refusal = _response(HTTPStatus.UNAUTHORIZED, b"")
            refusal.headers["Date"] = format_datetime(self.refusal_dates.pop(0), usegmt=True)
            return refusal
        blob = self.blobs.get(request.path.rpartition("/")[2])
        return _response(HTTPStatus.OK, blob) if blob is not None else _response(HTTPStatus.NOT_FOUND, b"")

    # The socket -------------------------------------------------------------------------------------

    async def _talk(self, socket: ServerConnection) -> None:
        await socket.send(wire.Challenge(nonce="n1").model_dump_json())
        hello = FRAMES.validate_json(await socket.recv())
        assert isinstance(hello, wire.Hello)
        if not self.signed_by_agent(hello_text("n1", hello.agent, hello.epoch), hello.signature):
            self.forged += 1
            self.news.set()
            await socket.close(4001, "the signature is not this agent's")
            return
        self.hellos += 1
        acked = self.acked(hello.epoch)
        welcome = wire.Welcome(broker_epoch="b1", acked=acked, heartbeat_s=0.5, progress_s=0.2)
        await socket.send(welcome.model_dump_json())
        self._socket = socket
        try:
            async for text in socket:
                await self._take(socket, FRAMES.validate_json(text))
                self.news.set()
        except ConnectionClosed:
            return

    def acked(self, epoch: str) -> int:
        seqs = {seq for one, seq in self.inbox if one == epoch}
        acked = 0
        while acked + 1 in seqs:
            acked += 1
        return acked

    async def _take(self, socket: ServerConnection, frame: wire.AgentFrame) -> None:
        match frame:
            case wire.Events(events=events):
                for event in events:
                    await self._event(socket, event)
            case wire.Heartbeat():
                self.heartbeats.append(frame)
            case wire.Progress():
                self.progress.append(frame)
            case wire.PermitRequest():
                self.permit_requests.append(frame)
                if self.gives_permits:
                    await self._permit(socket, frame)
            case wire.Hello():
                raise AssertionError("a second hello")

    async def _event(self, socket: ServerConnection, event: wire.Signed) -> None:
        if not self.signed_by_agent(event.payload, event.signature):
            self.forged += 1
            return
        envelope = wire.Envelope.model_validate_json(event.payload)
        key = (envelope.epoch, envelope.seq)
        if key not in self.inbox and envelope.run is not None:
            conflict = self._move(envelope.run, envelope)
            if conflict is not None:
                self.conflicts.append(conflict)
                await socket.send(conflict.model_dump_json())
        self.inbox[key] = envelope
        ack = wire.Ack(epoch=envelope.epoch, seq=self.acked(envelope.epoch))
        await socket.send(ack.model_dump_json())

    def _move(self, run_id: str, envelope: wire.Envelope) -> wire.Conflict | None:
        run = self.runs[run_id]
        fits = (envelope.fence, envelope.version) == (run.fence, run.version)
        if isinstance(envelope.body, wire.Remark) and fits:
            run.version += 1
            return None
        after = AFTER.get(envelope.body.kind, run.state)
        if not fits or (run.state, after) not in TRANSITIONS:
            reason = f"{envelope.body.kind} at version {envelope.version}"
            return wire.Conflict(
                seq=envelope.seq, run=run_id, state=run.state, version=run.version, fence=run.fence, reason=reason
            )
        self._set(run, after)
        return None

    def _set(self, run: HeldRun, after: RunState) -> None:
        run.state, run.version = after, run.version + 1
        run.states.append(after)

    async def _permit(self, socket: ServerConnection, request: wire.PermitRequest) -> None:
        run = self.runs[request.run]
        if run.state is not RunState.ARMED or (run.fence, run.version) != (request.fence, request.version):
            refused = wire.PermitRefused(run=request.run, request=request.request, reason=f"the run is {run.state}")
            await socket.send(refused.model_dump_json())
            return
        self._set(run, RunState.PERMITTED)
        permit = wire.Permit(run=request.run, fence=run.fence, version=run.version, request=request.request)
        await socket.send(permit.model_dump_json())

    # What the tests have it say ---------------------------------------------------------------------

    async def say(self, frame: wire.BrokerFrame) -> None:
        assert self._socket is not None
        await self._socket.send(frame.model_dump_json())

    async def offer(self, run_id: str, machine: str, plate: Plate) -> None:
        self.runs[run_id] = held = HeldRun()
        offer = wire.RunOffer(
            run=run_id,
            fence=held.fence,
            version=held.version,
            machine=machine,
            plate_sha256=self.add_blob(plate.model_dump_json().encode()),
            lots=tuple({part.lot for part in plate.parts}),
            process=plate.process,
            material=plate.material,
        )
        await self.say(offer)

    def kinds(self, run_id: str | None = None) -> list[str]:
        """Kinds of the events of a run, or of the shop, in the order of their numbers."""
        ordered = [envelope for _, envelope in sorted(self.inbox.items(), key=lambda item: item[0][1])]
        return [envelope.body.kind for envelope in ordered if envelope.run == run_id]

    async def until_state(self, run_id: str, state: RunState, timeout_s: float = 60.0) -> None:
        await self.until(lambda: self.runs[run_id].state is state, timeout_s)

    async def until(self, reached: Callable[[], bool], timeout_s: float = 60.0) -> None:
        async with asyncio.timeout(timeout_s):
            while not reached():
                self.news.clear()
                await self.news.wait()


def _response(status: HTTPStatus, body: bytes) -> Response:
    headers = Headers({"Content-Length": str(len(body)), "Connection": "close"})
    return Response(status.value, status.phrase, headers, body)
