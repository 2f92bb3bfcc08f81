"""How long an agent may be silent, and what its silence is called."""

from datetime import datetime, timedelta

from broker.wire.tracking import Link

HEARTBEAT_S = 20.0
SUSPECT_AFTER = timedelta(seconds=60)
DISCONNECTED_AFTER = timedelta(seconds=180)


def link(last_seen_at: datetime | None, now: datetime) -> Link:
    if last_seen_at is None or now - last_seen_at > DISCONNECTED_AFTER:
        return Link.DISCONNECTED
    return Link.SUSPECT if now - last_seen_at > SUSPECT_AFTER else Link.CONNECTED
