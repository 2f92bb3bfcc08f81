"""The dependency that turns a GET signed by an agent into that agent."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Header, Request

from broker.clock import Clock
from broker.database import Database
from broker.errors import Unauthorised
from broker.wire.signing import AGENT_HEADER, SIGNATURE_HEADER, TIME_HEADER, get_text
from broker.workshops import repository
from broker.workshops.keys import is_signed
from broker.workshops.models import Agent

TOLERANCE = timedelta(minutes=5)


class SignedGet:
    """`Depends(signed_get)` gives the agent; raises Unauthorised. Within the tolerance a GET may be repeated."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def __call__(
        self,
        request: Request,
        agent_id: Annotated[str, Header(alias=AGENT_HEADER)],
        time: Annotated[str, Header(alias=TIME_HEADER)],
        signature: Annotated[str, Header(alias=SIGNATURE_HEADER)],
    ) -> Agent:
        require_fresh(time, self._clock.now(), where=TIME_HEADER)
        async with self._database.reading() as session:
            agent = await repository.agent(session, agent_id)
        text = get_text(agent_id, time, request.url.path)
        if agent is None or not _is_of(agent, text, signature):
            raise Unauthorised(
                "the signature is not this agent's", where=SIGNATURE_HEADER, fix="enrol again if the key was lost"
            )
        return agent


def _is_of(agent: Agent, text: str, signature: str) -> bool:
    """Signed with its key, or with the one that is to follow."""
    keys = filter(None, (agent.public_key, agent.next_public_key))
    return any(is_signed(key, text, signature) for key in keys)


def require_fresh(time: str, now: datetime, *, where: str) -> None:
    """Raises Unauthorised for a time that is none, or too far from `now`."""
    try:
        age = abs(now - datetime.fromisoformat(time))
    except (ValueError, TypeError) as error:
        raise Unauthorised(f"{time!r} is no time with offset", where=where, fix="send ISO 8601 in UTC") from error
    if age > TOLERANCE:
        raise Unauthorised(
            f"the agent's clock is {age.total_seconds():.0f} s off", where=where, fix="set the clock (NTP)"
        )
