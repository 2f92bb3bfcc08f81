"""What people see of an order's runs."""

from datetime import UTC, datetime
from io import StringIO

from rich.console import Console

from broker.client.tables import orders_table, runs_table
from broker.wire.states import RunState
from broker.wire.tracking import LotPieces, RunView

_NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def _run(state: RunState, note: str = "", *, attested: bool = False) -> RunView:
    return RunView(
        id=f"run_{state}",
        order_ids=("ord_1",),
        workshop="Taller Uno",
        machine="prusa",
        driver="by_hand" if attested else "marlin",
        attested=attested,
        state=state,
        states=(state,),
        steps=(),
        plate="pla_1",
        lots=(LotPieces(lot="lot_1", line="lin_1", pieces=9),),
        lines_done=50,
        lines_total=100,
        planned_start=_NOW,
        planned_end=_NOW,
        started_at=None,
        ended_at=None,
        estimate_s=None,
        stop_requested=None,
        note=note,
    )


def test_what_is_a_persons_word_is_marked() -> None:
    assert "prusa (attested)" in _text(_run(RunState.RUNNING, attested=True))
    assert "attested" not in _text(_run(RunState.RUNNING))


def _text(*runs: RunView) -> str:
    out = StringIO()
    Console(file=out, width=120).print(runs_table(runs))
    return out.getvalue()


def test_live_and_failed_runs_are_shown_and_done_ones_are_not() -> None:
    text = _text(_run(RunState.RUNNING), _run(RunState.FAULTED, "thermal runaway"), _run(RunState.ACCEPTED))
    assert "running" in text
    assert "thermal runaway" in text
    assert "accepted" not in text


def test_a_person_who_was_called_and_has_not_come_stays_visible() -> None:
    late = _run(RunState.FINISHED).model_copy(update={"waits_for": "person: count good and scrap", "overdue": True})
    assert "still waits for a person: count good and scrap" in _text(late)
    assert "waits" not in _text(late.model_copy(update={"overdue": False}))


def test_no_orders_says_how_to_make_one() -> None:
    assert "llagar order" in str(orders_table([]))
