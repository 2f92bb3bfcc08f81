"""Frames as text, the same on every transport."""

from pydantic import TypeAdapter, ValidationError

from broker.wire.messages import AgentFrame, BrokerFrame, Events, Signed
from shop_agent.errors import LinkRefused
from shop_agent.link.conversation import Batch

_FRAMES: TypeAdapter[BrokerFrame] = TypeAdapter(BrokerFrame)


def to_text(frame: Batch[Signed] | AgentFrame) -> str:
    return (Events(events=frame.events) if isinstance(frame, Batch) else frame).model_dump_json()


def from_text(text: str | bytes) -> BrokerFrame:
    """Raises LinkRefused for what is no frame of this protocol."""
    try:
        return _FRAMES.validate_json(text)
    except ValidationError as error:
        raise LinkRefused(f"the broker speaks another version: {error.errors()[0]['msg']}") from error
