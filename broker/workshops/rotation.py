"""An agent's keys: the one that it signs with, the one that will follow, and the one before.

A registered key becomes the agent's with the first hello that it signs. From then on the old one says hello no more;
what it signed earlier is still taken, over a connection that the new one opened: the agent's outbox may hold events
of the old key, and after a restore it sends again what it has kept for 30 days.
"""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from broker.errors import Conflict, Unauthorised
from broker.wire.shop import NextKey
from broker.wire.signing import key_text
from broker.workshops import repository
from broker.workshops.keys import is_signed, require_public_key
from broker.workshops.models import Agent
from broker.workshops.signed_requests import require_fresh

FORMER_LIFE = timedelta(days=30)
"""As long as agents keep acknowledged events."""


async def register(session: AsyncSession, given: NextKey, now: datetime) -> None:
    """Note the key that is to follow; repeating it changes nothing.

    Raises BadRequest for what is no key, Unauthorised for a request that isn't the agent's own, Conflict while the key
    before last may still be needed.
    """
    require_public_key(given.public_key)
    require_fresh(given.time, now, where="time")
    agent = await repository.agent(session, given.agent)
    text = key_text(given.agent, given.time, given.public_key)
    if not is_signed(given.public_key, text, given.possession):
        raise Unauthorised("the new key did not sign this itself", where="possession", fix="sign with both keys")
    if agent is None:
        raise Unauthorised("this agent is not known, or was revoked", where="agent", fix="enrol it with a new code")
    if given.public_key == agent.public_key:
        return
    if not is_signed(agent.public_key, text, given.signature):
        raise Unauthorised(
            "the signature is not this agent's", where="signature", fix="sign with the present key, or enrol anew"
        )
    if (former := former_key(agent, now)) is not None and former != given.public_key:
        assert agent.rotated_at is not None
        raise Conflict(
            "the key before this one may still be needed for events that it signed",
            where="public_key",
            fix=f"wait until {agent.rotated_at + FORMER_LIFE:%Y-%m-%d}; if somebody else knows the key, enrol anew",
        )
    agent.next_public_key = given.public_key


def greeted(agent: Agent, text: str, signature: str, now: datetime) -> bool:
    """Whether the hello `text` is the agent's own; the next key becomes the agent's with its first."""
    if is_signed(agent.public_key, text, signature):
        return True
    if agent.next_public_key is None or not is_signed(agent.next_public_key, text, signature):
        return False
    agent.former_public_key, agent.public_key = agent.public_key, agent.next_public_key
    agent.next_public_key, agent.rotated_at = None, now
    return True


def former_key(agent: Agent, now: datetime) -> str | None:
    """The key before, as long as what it signed is taken."""
    if agent.rotated_at is None or now - agent.rotated_at >= FORMER_LIFE:
        return None
    return agent.former_public_key


def event_keys(agent: Agent, now: datetime) -> tuple[str, ...]:
    """Any of these may have signed an event; the likeliest first."""
    return tuple(filter(None, (agent.public_key, agent.next_public_key, former_key(agent, now))))
