"""The agents of a benchmark: keys and names from their numbers, rows for a broker, events signed beforehand."""

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import insert

from broker.database import Database
from broker.migrations.upgrade import upgrade
from broker.wire.messages import Availability, Envelope, Heartbeat, MachineChanged, MachineReport, Signed
from broker.wire.shop import MachineSpec, Process
from broker.workshops.models import Agent, Machine, Workshop

MACHINE = "printer"
_AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_STANDINGS = (Availability.FREE, Availability.OCCUPIED)


@dataclass(frozen=True, slots=True)
class Member:
    """One agent of the population."""

    number: int
    key: Ed25519PrivateKey

    @property
    def agent(self) -> str:
        return f"agt_{self.number}"

    @property
    def workshop(self) -> str:
        return f"wsh_{self.number}"

    def sign(self, text: str) -> str:
        return base64.b64encode(self.key.sign(text.encode())).decode()

    def event(self, epoch: str, seq: int) -> Signed:
        """Its machine has changed."""
        body = MachineChanged(machine=MACHINE, availability=_STANDINGS[seq % 2])
        payload = Envelope(agent=self.agent, epoch=epoch, seq=seq, at=_AT, body=body).model_dump_json()
        return Signed(payload=payload, signature=self.sign(payload))

    def heartbeat(self, seq: int) -> Heartbeat:
        """As its machine stands after that many events."""
        availability = _STANDINGS[seq % 2] if seq else Availability.OFFLINE
        return Heartbeat(machines=(MachineReport(machine=MACHINE, availability=availability),))


def member(number: int) -> Member:
    return Member(number, Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"agent {number}".encode()).digest()))


def _spec() -> MachineSpec:
    return MachineSpec(
        name=MACHINE, driver="marlin", process=Process.FDM, volume_mm=(250, 210, 210), materials=("PLA",), tool_mm=0.4
    )


async def settle(url: str, count: int) -> None:
    """A workshop with an agent and a machine for each number, in a database that is brought up to date first."""
    database = Database(url)
    try:
        await upgrade(database)
        members = [member(number) for number in range(count)]
        async with database.writing() as session:
            await session.execute(insert(Workshop), list(_workshops(members)))
            await session.execute(insert(Agent), list(_agents(members)))
            await session.execute(insert(Machine), list(_machines(members)))
    finally:
        await database.close()


def _workshops(members: Iterable[Member]) -> Iterable[dict[str, object]]:
    return ({"id": one.workshop, "name": f"Taller {one.number}", "created_at": _AT} for one in members)


def _agents(members: Iterable[Member]) -> Iterable[dict[str, object]]:
    for one in members:
        key = base64.b64encode(one.key.public_key().public_bytes_raw()).decode()
        yield {"id": one.agent, "workshop_id": one.workshop, "public_key": key, "acked_seq": 0, "created_at": _AT}


def _machines(members: Iterable[Member]) -> Iterable[dict[str, object]]:
    spec = _spec()
    for one in members:
        yield {
            "id": f"mch_{one.number}",
            "workshop_id": one.workshop,
            "name": MACHINE,
            "driver": spec.driver,
            "process": spec.process,
            "spec": spec.model_dump_json(),
            "availability": Availability.OFFLINE,
            "reason": "",
        }
