"""What producers and broker say to each other over REST: the client and the endpoints share these models."""

from broker.wire.messages import Wire


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
