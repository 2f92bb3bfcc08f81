"""When a day of the shop ends."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


def end_of_today(now: datetime, zone: ZoneInfo) -> datetime:
    """The next midnight of the shop's own clock."""
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), zone)
