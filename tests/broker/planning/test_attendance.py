"""Weekly windows as spans of seconds."""

from datetime import UTC, datetime

import pytest

from broker.planning.attendance import attended
from broker.wire.shop import Window

MONDAY_NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
H = 3600.0
DAY = 24 * H


def window(weekday: int, start_h: float, end_h: float) -> Window:
    return Window(weekday=weekday, start_min=round(start_h * 60), end_min=round(end_h * 60))


def test_who_names_no_window_is_always_there() -> None:
    assert attended((), "Europe/Madrid", MONDAY_NOON, 5 * DAY) == ((0.0, 5 * DAY),)


def test_windows_begin_now_and_end_with_the_plan() -> None:
    week = [window(0, 8, 18), window(1, 8, 18)]
    assert attended(week, "UTC", MONDAY_NOON, DAY) == ((0.0, 6 * H), (20 * H, 24 * H))
    assert attended(week, "Europe/Madrid", MONDAY_NOON, DAY)[0] == (0.0, 5 * H)


def test_every_day_around_the_clock_is_one_span() -> None:
    week = [window(day, 0, 24) for day in range(7)]
    assert attended(week, "Europe/Madrid", MONDAY_NOON, 56 * DAY) == ((0.0, 56 * DAY),)


def test_what_overlaps_is_one_span_and_what_is_empty_none() -> None:
    week = [window(0, 8, 13), window(0, 12.5, 18), window(0, 20, 20)]
    assert attended(week, "UTC", MONDAY_NOON, DAY) == ((0.0, 6 * H),)


def test_a_night_shift_goes_on_past_midnight() -> None:
    nights = [window(0, 22, 6), window(6, 22, 13)]
    assert attended(nights, "UTC", MONDAY_NOON, DAY) == ((0.0, 1 * H), (10 * H, 18 * H))


@pytest.mark.parametrize(
    ("saturday", "opens_h"),
    [(datetime(2026, 3, 28, 12, 0, tzinfo=UTC), 18), (datetime(2026, 10, 24, 12, 0, tzinfo=UTC), 19)],
)
def test_at_the_ends_of_summer_a_shop_opens_by_its_own_clock(saturday: datetime, opens_h: float) -> None:
    week = [window(day, 8, 18) for day in range(7)]
    _, sunday, monday, _ = attended(week, "Europe/Madrid", saturday, 3 * DAY)
    assert sunday == (opens_h * H, (opens_h + 10) * H)
    assert monday[0] - sunday[0] == DAY


def test_a_zone_that_nobody_knows_is_utc() -> None:
    assert attended([window(0, 8, 18)], "Nowhere/At All", MONDAY_NOON, DAY) == ((0.0, 6 * H),)
