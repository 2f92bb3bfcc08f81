from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends

from broker.accounts.authenticator import Authenticator
from broker.accounts.models import Role
from broker.accounts.service import Caller
from broker.clock import Clock
from broker.database import Database
from broker.wire.shop import Enrolled, Enrolment, MachineSpec, NextKey
from broker.wire.tracking import MachineView, WorkshopView
from broker.workshops import repository
from broker.workshops.liveness import link
from broker.workshops.models import Agent, Machine, Workshop
from broker.workshops.rotation import register
from broker.workshops.service import enrol


def router(database: Database, clock: Clock, authenticator: Authenticator) -> APIRouter:
    routes = APIRouter(tags=["workshops"])
    administrator = authenticator.only(Role.ADMIN)

    @routes.post("/agents/enroll", status_code=201)
    async def enroll(enrolment: Enrolment) -> Enrolled:
        """Turn a one-time code and a public key into an agent."""
        async with database.writing() as session:
            return await enrol(session, enrolment.code, enrolment.public_key, clock.now())

    @routes.post("/agents/keys", status_code=204)
    async def keys(given: NextKey) -> None:
        """Register the key that is to follow an agent's present one."""
        async with database.writing() as session:
            await register(session, given, clock.now())

    @routes.get("/workshops")
    async def workshops(_caller: Annotated[Caller, Depends(administrator)]) -> list[WorkshopView]:
        """Every workshop, how its agent's link is, and its machines."""
        async with database.reading() as session:
            agents = {agent.workshop_id: agent for agent in await repository.agents(session)}
            machines = await repository.machines(session)
            rows = await repository.workshops(session)
        now = clock.now()
        return [
            _view(row, agents.get(row.id), [machine for machine in machines if machine.workshop_id == row.id], now)
            for row in rows
        ]

    return routes


def _view(row: Workshop, agent: Agent | None, machines: list[Machine], now: datetime) -> WorkshopView:
    last_seen_at = agent.last_seen_at if agent else None
    return WorkshopView(
        id=row.id,
        name=row.name,
        town=row.town,
        country=row.country,
        latitude=row.latitude,
        longitude=row.longitude,
        link=link(last_seen_at, now),
        last_seen_at=last_seen_at,
        machines=tuple(_machine_view(machine) for machine in machines),
    )


def _machine_view(machine: Machine) -> MachineView:
    return MachineView(
        id=machine.id,
        name=machine.name,
        driver=machine.driver,
        process=machine.process,
        volume_mm=MachineSpec.model_validate_json(machine.spec).volume_mm,
        availability=machine.availability,
        reason=machine.reason,
    )
