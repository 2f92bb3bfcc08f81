from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from broker.accounts.service import Caller
from broker.errors import Conflict, NotFound
from broker.orders.service import order_of
from broker.runs import repository
from broker.runs.lifecycle.errors import Unfit
from broker.runs.lifecycle.events import StopAsked
from broker.runs.models import Run
from broker.runs.moves import happen
from broker.runs.sql_book import SqlBook


async def ask_to_stop(session: AsyncSession, caller: Caller, run_id: str, reason: str, now: datetime) -> Run:
    """Raises NotFound for a run of nobody's or another's order, Conflict for one that isn't on a machine."""
    run = await repository.locked_run(session, run_id)
    if run is None:
        raise _not_yours(run_id)
    held = (await repository.plate_lots(session, [run.plate_id]))[run.plate_id]
    lines = await repository.lines_of_lots(session, [row.lot_id for row in held])
    # A plate may hold parts of several buyers: whoever has all of them on it may ask.
    for order_id in {line.order_id for line in lines.values()}:
        try:
            await order_of(session, caller, order_id)
        except NotFound as error:
            # Not whose it is instead: the order's id is the other's alone.
            raise _not_yours(run_id) from error
    try:
        await happen(SqlBook(session), run, StopAsked(reason), now)
    except Unfit as error:
        raise Conflict(str(error), where="run") from error
    await session.flush()
    return run


def _not_yours(run_id: str) -> NotFound:
    return NotFound(
        f"there is no run {run_id!r} of yours alone",
        where="run",
        fix="ask the workshop if its plate holds others' parts",
    )
