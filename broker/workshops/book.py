from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from broker.database import Workshops
from broker.rows import Rows
from broker.wire.messages import Availability
from broker.workshops.models import Agent, Machine, Workshop


class WorkshopBook(Rows, Protocol):
    """What the rules look up of workshops, their agents and machines."""

    async def workshop(self, workshop_id: str) -> Workshop: ...

    async def agent(self, agent_id: str) -> Agent | None:
        """None for one that is not known or has been revoked."""
        ...

    async def locked_agent(self, agent_id: str) -> Agent:
        """The agent as it is now, held until the transaction's end."""
        ...

    async def locked_agents(self, agent_ids: Iterable[str]) -> Mapping[str, Agent]:
        """As many at once as there are, revoked ones too."""
        ...

    async def connections(self) -> Mapping[str, str | None]:
        """The latest connection of every agent that is not revoked."""
        ...

    async def silent(self, since: datetime) -> Collection[str]:
        """Workshops with machines that take work, and no word from their agent since before then."""
        ...

    async def behind(self) -> Collection[str]:
        """Workshops whose agent hasn't sent again all that a restored broker lacks."""
        ...

    async def agents_in(self, among: Workshops) -> Sequence[Agent]:
        """Of these workshops or of all, those that are not revoked."""
        ...

    async def agents(self) -> Sequence[Agent]:
        """All that are not revoked."""
        ...

    async def machine(self, machine_id: str) -> Machine: ...

    async def machine_of(self, workshop_id: str, name: str) -> Machine | None: ...

    async def machines_at_rest(self) -> Mapping[str, Availability]:
        """Those that take no work and are not retired: how each stands, by id."""
        ...

    async def all_machines_of(self, workshop_id: str) -> Sequence[Machine]:
        """Retired ones too."""
        ...

    async def machines_in(self, among: Workshops) -> Sequence[Machine]:
        """Of these workshops or of all, retired ones too."""
        ...

    async def retired(self, machine_ids: Iterable[str]) -> set[str]:
        """Those of the machines that their shop no longer names."""
        ...
