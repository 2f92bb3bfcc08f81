"""What producers and broker say to each other over REST: the client and the endpoints share these models."""

from datetime import datetime

from broker.wire.messages import Wire
from slicer_bridge.facts import PartFacts


class Problem(Wire):
    """RFC 9457; `where` names the field, file or line, `fix` what to do."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    where: str | None = None
    fix: str | None = None


class Health(Wire):
    status: str
    version: str


class PartView(Wire):
    id: str
    name: str
    facts: PartFacts
    created_at: datetime
