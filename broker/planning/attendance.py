"""When somebody is there: a shop's weekly windows as spans of seconds from a moment on."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from broker.wire.shop import Window

Span = tuple[float, float]
_DAY = timedelta(days=1)


def attended(windows: Sequence[Window], timezone: str, now: datetime, until_s: float) -> tuple[Span, ...]:
    """From, until, in order and apart from each other, from `now` to `until_s` after it.

    Windows are hours of the shop's clock, whatever that does at the ends of summer; one that ends before it begins
    goes on past midnight. A shop that names none is always attended. A time zone that nobody knows counts as UTC.
    """
    if not windows:
        return ((0.0, until_s),)
    zone = _zone(timezone)
    first = now.astimezone(zone).date() - _DAY
    days = int(until_s // _DAY.total_seconds()) + 3
    dates = [first + day * _DAY for day in range(days)]
    spans = [_span(window, day, zone, now) for day in dates for window in windows if window.weekday == day.weekday()]
    return tuple(_merged((max(begin, 0.0), min(end, until_s)) for begin, end in sorted(spans)))


def _span(window: Window, day: date, zone: ZoneInfo, now: datetime) -> Span:
    past_midnight = window.end_min < window.start_min
    begin = _at(day, window.start_min, zone)
    end = _at(day + _DAY if past_midnight else day, window.end_min, zone)
    return (begin - now).total_seconds(), (end - now).total_seconds()


def _at(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """The moment at which the shop's clock shows so many minutes of the day; 1440 is the next day's midnight."""
    days, minute = divmod(minute, 24 * 60)
    return datetime.combine(day + days * _DAY, time(minute // 60, minute % 60), tzinfo=zone)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for begin, end in spans:
        if end <= begin:
            continue
        if merged and begin <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((begin, end))
    return merged
