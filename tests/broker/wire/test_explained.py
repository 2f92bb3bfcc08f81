"""An explanation in words."""

from datetime import UTC, datetime, timedelta

import pytest

from broker.wire.durations import lasting
from broker.wire.explained import sentences
from broker.wire.explanation import (
    AlternativeView,
    ExplanationView,
    Lever,
    LeverView,
    PlaceView,
    WaitCause,
    WaitView,
)

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def wait(
    cause: WaitCause, from_h: int, until_h: int, *, note: str = "", parts: tuple[str, ...] = (), others: bool = False
) -> WaitView:
    from_at, until_at = NOW + from_h * HOUR, NOW + until_h * HOUR
    return WaitView(cause=cause, from_at=from_at, until_at=until_at, note=note, parts=parts, others=others)


PLANNED = ExplanationView(
    line="lin_1",
    part="box.stl",
    pieces=10,
    places=(PlaceView(workshop="Taller Uno", machine="prusa"), PlaceView(workshop="Taller Dos", machine="ender")),
    arrives_at=NOW + 30 * HOUR,
    promised_at=NOW + 28 * HOUR,
    waits=(
        wait(WaitCause.NOT_READY, 0, 1, note="machine is offline"),
        wait(WaitCause.MACHINE, 1, 2, parts=("lid.stl",), others=True),
        wait(WaitCause.RUN, 2, 6),
    ),
    alternatives=(
        AlternativeView(workshop="Taller Dos", machine="ender", arrives_at=NOW + 33 * HOUR, cost=1250, currency="EUR"),
        AlternativeView(workshop="Taller Tres", machine="mk3", arrives_at=None, cost=900, currency="EUR"),
    ),
    levers=(LeverView(lever=Lever.QUEUE, gain_s=5400),),
    pieces_unplanned=2,
    unplanned_because=("no single machine is free for it before the horizon",),
)


def when(moment: datetime | None) -> str:
    return "never" if moment is None else f"{moment:%d %H:%M}"


def test_a_planned_line_reads_as_sentences() -> None:
    assert sentences(PLANNED, when) == (
        "box.stl is made by Taller Uno (prusa), Taller Dos (ender) and arrives on 03 15:00,"
        " 2 h after the promised date.",
        "2 pieces are not planned yet: no single machine is free for it before the horizon.",
        "02 09:00 to 02 10:00: the machine takes no work (machine is offline).",
        "02 10:00 to 02 11:00: the machine makes lid.stl and other work.",
        "02 11:00 to 02 15:00: the machine makes it.",
        "Other work moved away from its machine would bring it 1 h 30 min earlier.",
        "All of it by Taller Dos (ender): there on 03 18:00, 3 h later, for 12.50 EUR.",
        "All of it by Taller Tres (mk3): no time for it within what is planned ahead.",
    )


def test_where_nothing_helps_that_is_said() -> None:
    alone = PLANNED.model_copy(update={"levers": (), "alternatives": (), "pieces_unplanned": 0, "waits": ()})
    [words] = sentences(alone, when)[1:]
    assert words == "No single change would bring it earlier: other plates of it would still be on their way."
    one = alone.model_copy(update={"places": alone.places[:1]})
    assert sentences(one, when)[1:] == ("Nothing by itself would bring it earlier.",)


def test_an_unplanned_line_says_why() -> None:
    gone = PLANNED.model_copy(update={"arrives_at": None, "places": (), "waits": (), "levers": (), "alternatives": ()})
    assert sentences(gone, when) == ("box.stl is not planned: no single machine is free for it before the horizon.",)
    silent = gone.model_copy(update={"unplanned_because": ()})
    assert sentences(silent, when) == ("box.stl is not planned: the plan has not come round to it yet.",)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (29, "29 s"), (31, "1 min"), (3600, "1 h"), (90061, "1 d 1 h"), (86_400 * 3 + 120, "3 d 2 min")],
)
def test_lengths_are_rounded_to_two_units(seconds: float, words: str) -> None:
    assert lasting(seconds) == words
