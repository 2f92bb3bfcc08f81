"""A plate whose first layer failed is made again at once, on the same machine."""

from datetime import datetime

from broker.runs.book import Book
from broker.runs.models import Run, RunStep
from broker.wire.states import Actor, RunState

TRIES = 3
"""First layers of one plate; after that its pieces are planned anew, wherever it is best."""


async def try_again(book: Book, run: Run, now: datetime) -> Run | None:
    """A new run of the same plate, in the place of one that is over; None where there shall be none.

    Call it after the old run's step: a plate has one live run.
    """
    run.first_layer = True
    await book.flush()
    failed = [one for one in await book.runs_of_plate(run.plate_id) if one.first_layer]
    machine = await book.machine(run.machine_id)
    unwanted = run.stop_requested is not None or machine.retired_at is not None
    if unwanted or len(failed) >= TRIES or await book.skips(run.id):
        return None
    lots = await book.lots_by_id([row.lot_id for row in (await book.plate_lots([run.plate_id]))[run.plate_id]])
    if any(lot.reason for lot in lots.values()):
        return None
    again = Run(
        id=book.new_id("run"),
        plate_id=run.plate_id,
        machine_id=run.machine_id,
        workshop_id=run.workshop_id,
        state=RunState.PLANNED,
        version=1,
        fence=0,
        planned_start=now,
        planned_end=now + (run.planned_end - run.planned_start),
        lines_done=0,
        lines_total=0,
        note=f"the first layer of run {run.id} failed",
    )
    book.add(again)
    await book.flush()
    step = RunStep(run_id=again.id, version=1, state=RunState.PLANNED, actor=Actor.PLANNER, at=now, note=again.note)
    book.add(step)
    await book.flush()
    return again
