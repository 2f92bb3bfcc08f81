"""Workshops join by a one-time code; what they own is what their agent last said."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from broker.database import new_id
from broker.errors import BadRequest, Conflict, NotFound, Unauthorised
from broker.wire.messages import Availability, MachineReport
from broker.wire.shop import Enrolled, Inventory, MachineSpec
from broker.workshops import repository
from broker.workshops.book import WorkshopBook
from broker.workshops.keys import require_public_key
from broker.workshops.models import TAKES_NO_WORK, Agent, EnrolmentCode, Machine, Workshop

CODE_LIFE = timedelta(hours=24)
_CODE_BYTES = 15
REVOKED = "its agent was revoked: enrol it anew"
JOURNAL_LOST = "its agent's journal was lost or rolled back: look at the machine, then release it at the bench"


def _sha256(code: str) -> str:
    return hashlib.sha256(code.strip().encode()).hexdigest()


async def invite(session: AsyncSession, name: str, now: datetime) -> str:
    """A one-time code that enrols an agent for the workshop `name`, known or new; valid for 24 hours."""
    workshop = await repository.workshop_by_name(session, name)
    if workshop is None:
        workshop = Workshop(id=new_id("wsh"), name=name, created_at=now)
        session.add(workshop)
        await session.flush()
    code = secrets.token_hex(_CODE_BYTES)
    expires_at = now + CODE_LIFE
    session.add(
        EnrolmentCode(
            sha256=_sha256(code), workshop_id=workshop.id, created_at=now, expires_at=expires_at, used_at=None
        )
    )
    await session.flush()
    return code


async def enrol(session: AsyncSession, code: str, public_key: str, now: datetime) -> Enrolled:
    """A workshop has one agent: earlier ones are revoked.

    Raises BadRequest for a bad key, Unauthorised for a code that isn't known or is too old, Conflict for a used one.
    """
    require_public_key(public_key)
    sha256 = _sha256(code)
    taken = await repository.use_code(session, sha256, now)
    row = await repository.code(session, sha256)
    fix = "ask the broker's administrator for a new one: `llagar-broker invite WORKSHOP`"
    if row is None:
        raise Unauthorised("this enrolment code is not known", where="code", fix=fix)
    if not taken and row.used_at is not None:
        raise Conflict("this enrolment code was used already", where="code", fix=fix)
    if not taken:
        raise Unauthorised("this enrolment code has expired", where="code", fix=fix)
    await _revoke_agents(session, row.workshop_id, now)
    agent = Agent(id=new_id("agt"), workshop_id=row.workshop_id, public_key=public_key, created_at=now)
    session.add(agent)
    await session.flush()
    workshop = await repository.workshop(session, row.workshop_id)
    return Enrolled(agent=agent.id, workshop=workshop.name)


async def revoke(session: AsyncSession, name: str, now: datetime) -> int:
    """The workshop's agent may say nothing more, and its machines take no work; how many agents that were.

    Raises NotFound for a workshop that isn't known.
    """
    workshop = await repository.workshop_by_name(session, name)
    if workshop is None:
        raise NotFound(f"there is no workshop {name!r}", where="workshop", fix="spell it as it was invited")
    revoked = await _revoke_agents(session, workshop.id, now)
    _take_offline(await repository.all_machines_of(session, workshop.id), REVOKED)
    return revoked


async def _revoke_agents(session: AsyncSession, workshop_id: str, now: datetime) -> int:
    agents = await repository.agents_of(session, workshop_id)
    for agent in agents:
        agent.revoked_at = now
    return len(agents)


async def take_inventory(book: WorkshopBook, workshop_id: str, inventory: Inventory, now: datetime) -> None:
    """Replace what is known of the workshop; machines that it no longer names are retired.

    Raises BadRequest if a machine is named twice, or names a material that is in no stock.
    """
    _require_consistent(inventory)
    workshop = await book.workshop(workshop_id)
    workshop.town, workshop.country = inventory.town, inventory.country
    workshop.latitude, workshop.longitude = inventory.latitude, inventory.longitude
    workshop.inventory = inventory.model_dump_json()
    known = {machine.name: machine for machine in await book.all_machines_of(workshop_id)}
    for spec in inventory.machines:
        machine = known.pop(spec.name, None)
        if machine is None:
            machine = Machine(id=book.new_id("mch"), workshop_id=workshop_id, name=spec.name)
            book.add(machine)
        _describe(machine, spec)
    for gone in known.values():
        gone.retired_at = gone.retired_at or now
    await book.flush()


def _describe(machine: Machine, spec: MachineSpec) -> None:
    machine.driver, machine.process = spec.driver, spec.process
    machine.spec = spec.model_dump_json()
    machine.retired_at = None


def _require_consistent(inventory: Inventory) -> None:
    names = [machine.name for machine in inventory.machines]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadRequest(f"machines are named twice: {', '.join(twice)}", where="machines", fix="name each once")
    stocked = {stock.material for stock in inventory.stock}
    for machine in inventory.machines:
        missing = sorted(set(machine.materials) - stocked)
        if missing:
            raise BadRequest(
                f"{machine.name} takes {', '.join(missing)}, which is in no stock",
                where=f"machines: {machine.name}",
                fix="add the material to the stock",
            )


async def change_machine(
    book: WorkshopBook, workshop_id: str, name: str, availability: Availability, reason: str
) -> bool:
    """What a signed event says of a machine; False if the workshop has none of that name."""
    machine = await book.machine_of(workshop_id, name)
    if machine is None:
        return False
    machine.availability, machine.reason = availability, reason
    return True


def hear_of_machines(machines: Iterable[Machine], reports: tuple[MachineReport, ...]) -> bool:
    """What a heartbeat says; it can't lift the quarantine after a lost journal. True if anything changed."""
    known = {machine.name: machine for machine in machines}
    changed = False
    for report in reports:
        machine = known.get(report.machine)
        if machine is None or (machine.availability, machine.reason) == (report.availability, report.reason):
            continue
        if machine.availability is Availability.QUARANTINED and machine.reason == JOURNAL_LOST:
            continue
        machine.availability, machine.reason = report.availability, report.reason
        changed = True
    return changed


async def quarantine_all(book: WorkshopBook, workshop_id: str, reason: str) -> None:
    for machine in await book.all_machines_of(workshop_id):
        machine.availability, machine.reason = Availability.QUARANTINED, reason


async def set_offline(book: WorkshopBook, workshop_id: str, reason: str) -> bool:
    """No word from the agent: its machines take no work. Quarantine stays. True if anything changed."""
    return _take_offline(await book.all_machines_of(workshop_id), reason)


def _take_offline(machines: Iterable[Machine], reason: str) -> bool:
    working = [machine for machine in machines if is_working(machine)]
    for machine in working:
        machine.availability, machine.reason = Availability.OFFLINE, reason
    return bool(working)


def is_working(machine: Machine) -> bool:
    """Whether work may be planned on it, now or after what it does."""
    return machine.availability not in TAKES_NO_WORK
