"""Rows → what producers and pages see."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from broker.orders import lot_repository
from broker.orders.models import Line
from broker.runs import repository
from broker.runs.lifecycle.facts import ON_MACHINE
from broker.runs.models import PlateLot, Run, RunStep
from broker.wire.plates import Plate, PlatedPart
from broker.wire.shop import BY_HAND, MachineSpec
from broker.wire.standings import STANDINGS
from broker.wire.states import RunState
from broker.wire.tracking import (
    CorrectionView,
    LotPieces,
    LotStateView,
    LotView,
    PlateView,
    RunView,
    ScrapView,
    StateView,
)
from broker.workshops import repository as workshops
from broker.workshops.models import Machine, Workshop

_ENDS = frozenset({RunState.FINISHED, RunState.FAULTED, RunState.STOPPED})


async def run_views(session: AsyncSession, runs: Sequence[Run], order_id: str | None = None) -> list[RunView]:
    """With `order_id` what lies on the plates for other orders is left out: it may be another buyer's."""
    steps = await repository.steps(session, [run.id for run in runs])
    held = await repository.plate_lots(session, [run.plate_id for run in runs])
    lines = await repository.lines_of_lots(session, [row.lot_id for rows in held.values() for row in rows])
    machines = await repository.machines_of_runs(session, runs)
    views = []
    for run in runs:
        seen = [row for row in held[run.plate_id] if order_id in (None, lines[row.lot_id].order_id)]
        views.append(_run_view(run, steps[run.id], seen, lines, machines[run.machine_id]))
    return views


def _run_view(
    run: Run,
    steps: Sequence[RunStep],
    held: Sequence[PlateLot],
    lines: Mapping[str, Line],
    place: tuple[Machine, Workshop],
) -> RunView:
    machine, workshop = place
    return RunView(
        id=run.id,
        order_ids=tuple(sorted({lines[row.lot_id].order_id for row in held})),
        workshop=workshop.name,
        machine=machine.name,
        driver=machine.driver,
        attested=machine.driver == BY_HAND,
        state=run.state,
        states=tuple(step.state for step in steps),
        steps=tuple(StateView(state=step.state, actor=step.actor, at=step.at, note=step.note) for step in steps),
        plate=run.plate_id,
        lots=tuple(LotPieces(lot=row.lot_id, line=lines[row.lot_id].id, pieces=row.pieces) for row in held),
        lines_done=run.lines_done,
        lines_total=run.lines_total,
        planned_start=run.planned_start,
        planned_end=run.planned_end,
        started_at=next((step.at for step in steps if step.state in ON_MACHINE), None),
        ended_at=_ended_at(steps),
        estimate_s=run.estimate_s,
        stop_requested=run.stop_requested,
        note=run.note,
        waits_for=_waits_for(run.state),
        overdue=_is_overdue(run, steps),
    )


def _waits_for(state: RunState) -> str:
    standing = STANDINGS[state]
    return f"{standing.owner}: {standing.waits_for}" if standing.waits_for else ""


def _is_overdue(run: Run, steps: Sequence[RunStep]) -> bool:
    """Its timer calls again and again: then it ends later than one life after the run's last step."""
    timer = STANDINGS[run.state].timer
    if timer is None or timer.then is not None or run.exit_at is None or not steps:
        return False
    return run.exit_at > steps[-1].at + timer.after


def _ended_at(steps: Sequence[RunStep]) -> datetime | None:
    """When the machine was last seen to stop; None while it hasn't, or nobody knows."""
    ends = [step.at for step in steps if step.state in _ENDS]
    return ends[-1] if ends else None


async def plate_views(session: AsyncSession, runs: Sequence[Run], order_id: str) -> list[PlateView]:
    """Each plate once, with its latest run; of other orders' parts only where they lie."""
    own = {lot.id for lot in await lot_repository.lots_of_order(session, order_id)}
    plates = await repository.plates(session, [run.plate_id for run in runs])
    machines = await repository.machines_of_runs(session, runs)
    latest = {run.plate_id: run for run in runs}
    views = []
    for plate_id, run in latest.items():
        machine, workshop = machines[run.machine_id]
        views.append(
            PlateView(
                id=plate_id,
                run=run.id,
                state=run.state,
                workshop=workshop.name,
                machine=machine.name,
                machine_volume_mm=MachineSpec.model_validate_json(machine.spec).volume_mm,
                document=_only(own, Plate.model_validate_json(plates[plate_id].document)),
            )
        )
    return views


def _only(own: Collection[str], plate: Plate) -> Plate:
    parts = tuple(part if part.lot in own else _hidden(part) for part in plate.parts)
    return plate.model_copy(update={"parts": parts})


def _hidden(part: PlatedPart) -> PlatedPart:
    """A box without a name, as large as the part: its shape, file and lot are another's."""
    xs, ys = [x for x, _ in part.outline], [y for _, y in part.outline]
    x0, y0, x1, y1 = min(xs), min(ys), max(xs), max(ys)
    return PlatedPart(
        part_sha256="",
        name="",
        lot="",
        height_mm=0.0,
        outline=((x0, y0), (x1, y0), (x1, y1), (x0, y1)),
        placements=part.placements,
    )


async def lot_views(session: AsyncSession, order_id: str) -> list[LotView]:
    """Lots that somebody makes, made or declined."""
    lots = await lot_repository.lots_of_order(session, order_id)
    scrap = await repository.scrap_by_reason(session, [lot.id for lot in lots])
    names = {row.id: row.name for row in await workshops.workshops(session)}
    corrected = await _corrections(session, [lot.id for lot in lots])
    return [
        LotView(
            id=lot.id,
            line=lot.line_id,
            workshop=names[lot.workshop_id],
            state=LotStateView(lot.state.value),
            quantity=lot.quantity,
            good=lot.good,
            scrap=lot.scrap,
            scrap_by_reason=tuple(
                ScrapView(reason=reason, pieces=pieces) for reason, pieces in scrap.get(lot.id, {}).items()
            ),
            surplus=lot.surplus,
            corrections=corrected.get(lot.id, ()),
            reason=lot.reason,
            delivered_at=lot.delivered_at,
        )
        for lot in lots
    ]


async def _corrections(session: AsyncSession, lot_ids: Sequence[str]) -> dict[str, tuple[CorrectionView, ...]]:
    found: dict[str, tuple[CorrectionView, ...]] = {}
    for row in await repository.corrections_of(session, lot_ids):
        view = CorrectionView(
            run=row.run_id,
            at=row.at,
            note=row.note,
            good_before=row.good_before,
            good_after=row.good_after,
            scrap_before=row.scrap_before,
            scrap_after=row.scrap_after,
        )
        found[row.lot_id] = (*found.get(row.lot_id, ()), view)
    return found
