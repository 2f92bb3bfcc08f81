"""Why an order's lines are made where and when they are: by the plan as it stands, anew whenever somebody asks."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from broker.clock import Clock
from broker.database import Database
from broker.drawing.network import Chart
from broker.orders.models import Order, OrderState
from broker.planning.order_chart import order_chart
from broker.planning.solving import Solver
from broker.planning.standing import Standing, standing
from broker.planning.unplanned import unplanned_because
from broker.scheduling.network.explain import Alternative, Cause, Explanation, Wait
from broker.wire.explanation import (
    AlternativeView,
    ExplanationView,
    Lever,
    LeverView,
    PlaceView,
    WaitCause,
    WaitView,
)


@dataclass(frozen=True, slots=True)
class Explained:
    views: tuple[ExplanationView, ...]
    """By line, where something of it is left to make."""
    chart: Chart | None
    """Of the machines that make it."""


class Explainer:
    def __init__(self, database: Database, clock: Clock, solver: Solver) -> None:
        self._database = database
        self._clock = clock
        self._solver = solver

    async def of_order(self, order: Order) -> Explained:
        """Empty where nothing is left to make."""
        if order.state is not OrderState.ACCEPTED:
            return Explained((), None)
        async with self._database.reading() as session:
            stands = await standing(session, order, self._clock.now())
        if stands is None:
            return Explained((), None)
        posed = stands.posed
        said = await self._solver.explain(posed.problem, posed.geometry, stands.plan, range(stands.own))
        return Explained(tuple(_view(stands, one) for one in said), order_chart(stands))


def _view(stands: Standing, said: Explanation) -> ExplanationView:
    line = stands.posed.lines[said.lot]
    return ExplanationView(
        line=line.id,
        part=line.name,
        pieces=line.pieces,
        places=tuple(_place(stands, machine) for machine in dict.fromkeys(said.machines)),
        arrives_at=_moment(stands, said.arrival_s),
        promised_at=line.due_at,
        waits=tuple(_wait(stands, said, wait) for wait in said.waits),
        alternatives=tuple(_alternative(stands, way) for way in said.alternatives),
        levers=tuple(LeverView(lever=Lever[gain.change.name], gain_s=gain.gain_s) for gain in said.earlier),
        pieces_unplanned=said.pieces_left,
        unplanned_because=unplanned_because(stands, said),
    )


def _place(stands: Standing, machine: int) -> PlaceView:
    station = stands.posed.stations[machine]
    return PlaceView(workshop=station.workshop, machine=station.spec.name)


def _wait(stands: Standing, said: Explanation, wait: Wait) -> WaitView:
    resting = stands.posed.stations[said.machines[-1]].idle_because if wait.cause is Cause.NOT_READY else ""
    return WaitView(
        cause=WaitCause[wait.cause.name],
        from_at=stands.taken_at + timedelta(seconds=wait.from_s),
        until_at=stands.taken_at + timedelta(seconds=wait.until_s),
        note=resting,
        parts=tuple(dict.fromkeys(stands.posed.lines[lot].name for lot in wait.lots if lot < stands.own)),
        others=any(lot >= stands.own for lot in wait.lots),
    )


def _alternative(stands: Standing, way: Alternative) -> AlternativeView:
    station = stands.posed.stations[way.machine]
    return AlternativeView(
        workshop=station.workshop,
        machine=station.spec.name,
        arrives_at=_moment(stands, way.arrival_s),
        cost=round(way.cost),
        currency=station.inventory.rates.currency,
    )


def _moment(stands: Standing, at_s: float) -> datetime | None:
    """None for never."""
    return stands.taken_at + timedelta(seconds=at_s) if math.isfinite(at_s) else None
