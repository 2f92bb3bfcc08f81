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
        self._require_fresh(time)
        async with self._database.reading() as session:
            agent = await repository.agent(session, agent_id)
        text = get_text(agent_id, time, request.url.path)
        if agent is None or not is_signed(agent.public_key, text, signature):
            raise Unauthorised(
                "the signature is not this agent's", where=SIGNATURE_HEADER, fix="enrol again if the key was lost"
            )
        return agent

    def _require_fresh(self, time: str) -> None:
        try:
            age = abs(self._clock.now() - datetime.fromisoformat(time))
        except (ValueError, TypeError) as error:
            raise Unauthorised(
                f"{time!r} is no time with offset", where=TIME_HEADER, fix="send ISO 8601 in UTC"
            ) from error
        if age > TOLERANCE:
            raise Unauthorised(
                f"the agent's clock is {age.total_seconds():.0f} s off", where=TIME_HEADER, fix="set the clock (NTP)"
            )
