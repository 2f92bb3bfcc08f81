"""Stops, and how much of their budget they say is used."""

import pytest

from broker.scheduling.stopping import AfterIterations, AfterSeconds, either, share


def test_after_iterations_counts_how_often_it_is_asked() -> None:
    stop = AfterIterations(4)
    seen = [(stop(), share(stop)) for _ in range(5)]
    assert seen == [(False, 0.25), (False, 0.5), (False, 0.75), (False, 1.0), (True, 1.0)]
    assert share(AfterIterations(0)) == 1.0


def test_after_seconds_reads_the_clock_it_is_given() -> None:
    now = [100.0]
    stop = AfterSeconds(8.0, lambda: now[0])
    assert (stop(), share(stop)) == (False, 0.0)
    now[0] = 106.0
    assert (stop(), share(stop)) == (False, 0.75)
    now[0] = 109.0
    assert (stop(), share(stop)) == (True, 1.0)
    assert share(AfterSeconds(0.0, lambda: 0.0)) == 1.0


@pytest.mark.parametrize(("limit", "used"), [(2, 0.5), (8, 0.25)])
def test_either_uses_the_larger_share(limit: int, used: float) -> None:
    stop = either(AfterIterations(limit), lambda: False, AfterSeconds(4.0, iter([0.0, 1.0, 1.0]).__next__))
    assert not stop()
    assert share(stop) == used


def test_who_has_no_budget_says_none() -> None:
    assert share(lambda: False) is None
    assert share(either(lambda: False)) is None
    assert either(lambda: False, lambda: True)()
