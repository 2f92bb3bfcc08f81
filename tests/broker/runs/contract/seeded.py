"""Two workshops, three machines (a router among them), an order of two lines, four plates with a planned run each."""

import hashlib
from datetime import datetime, timedelta

from broker.accounts.models import Account, Role
from broker.orders.models import Line, Lot, LotState, Order
from broker.parts.models import Part
from broker.quotes.models import Quote, QuoteItem
from broker.runs.book import Book
from broker.runs.models import PlateLot, PlateRow, Run, RunStep
from broker.wire.messages import Availability
from broker.wire.plates import Plate
from broker.wire.shop import Process
from broker.wire.states import Actor, RunState
from broker.wire.tiers import Tier
from broker.workshops.models import Agent, Machine, Workshop
from tests.broker.runs.agent import Key

MACHINES = {"m1": ("w1", Process.FDM), "m2": ("w1", Process.CUT2D), "m3": ("w2", Process.FDM)}
LOTS = {"lot1": ("line1", "w1", 6), "lot2": ("line2", "w1", 3), "lot3": ("line1", "w2", 4)}
RUNS = {
    "run1": ("m1", {"lot1": 4}),
    "run2": ("m1", {"lot1": 2}),
    "run3": ("m2", {"lot2": 3}),
    "run4": ("m3", {"lot3": 4}),
}
WORKSHOPS = {"w1": "a1", "w2": "a2"}
"""Their agents."""
KEYS = {"a1": Key(), "a2": Key()}
MATERIAL = {Process.FDM: "PLA", Process.CUT2D: "plywood"}


async def seed(book: Book, now: datetime) -> None:
    await _sold(book, now)
    await _shops(book, now)
    for lot, (line, workshop, pieces) in LOTS.items():
        row = Lot(id=lot, line_id=line, workshop_id=workshop, quantity=pieces, accepted_quantity=pieces)
        row.state = LotState.ACCEPTED
        book.add(row)
    await book.flush()
    for number, (run, (machine, lots)) in enumerate(RUNS.items()):
        await _planned(book, run, machine, lots, now + timedelta(hours=number))


async def _sold(book: Book, now: datetime) -> None:
    book.add(Account(id="ana", name="Ana", role=Role.PRODUCER, address="Oviedo", created_at=now))
    await book.flush()
    book.add(Quote(id="quote", account_id="ana", currency="EUR", created_at=now, expires_at=now))
    book.add(
        Part(
            id="part", account_id="ana", name="box.stl", source_sha256="0", normalised_sha256="0", facts="{}",
            created_at=now,
        )
    )  # fmt: skip
    await book.flush()
    book.add(Order(id="order", account_id="ana", quote_id="quote", tier=Tier.STANDARD, created_at=now))
    for number in (1, 2):
        book.add(
            QuoteItem(
                id=f"item{number}", quote_id="quote", position=number, part_id="part", quantity=1,
                process=Process.FDM, material="PLA", recipe="{}", machine_s=600.0,
            )
        )  # fmt: skip
    await book.flush()
    for number, (process, quantity) in enumerate(((Process.FDM, 10), (Process.CUT2D, 3)), start=1):
        book.add(
            Line(
                id=f"line{number}", order_id="order", quote_item_id=f"item{number}", position=number, part_id="part",
                quantity=quantity, process=process, material=MATERIAL[process], recipe="{}", machine_s=600.0,
                amount=900,
            )
        )  # fmt: skip
    await book.flush()


async def _shops(book: Book, now: datetime) -> None:
    for workshop, agent in WORKSHOPS.items():
        book.add(Workshop(id=workshop, name=workshop, created_at=now))
        await book.flush()
        book.add(Agent(id=agent, workshop_id=workshop, public_key=KEYS[agent].public, created_at=now))
    for machine, (workshop, process) in MACHINES.items():
        row = Machine(id=machine, workshop_id=workshop, name=machine, driver="marlin", process=process, spec="{}")
        row.availability = Availability.FREE
        book.add(row)
    await book.flush()


async def _planned(book: Book, run: str, machine: str, lots: dict[str, int], start: datetime) -> None:
    workshop, process = MACHINES[machine]
    plate = Plate(process=process, material=MATERIAL[process], size_mm=(250, 210), usable_mm=(0, 0, 250, 210), parts=())
    text = plate.model_dump_json()
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    book.add(PlateRow(id=f"plate-{run}", sha256=sha256, document=text, created_at=start))
    await book.flush()
    for lot, pieces in lots.items():
        book.add(PlateLot(plate_id=f"plate-{run}", lot_id=lot, pieces=pieces))
    book.add(
        Run(
            id=run, plate_id=f"plate-{run}", machine_id=machine, workshop_id=workshop,
            planned_start=start, planned_end=start + timedelta(hours=1),
        )
    )  # fmt: skip
    await book.flush()
    book.add(RunStep(run_id=run, version=1, state=RunState.PLANNED, actor=Actor.PLANNER, at=start))
    await book.flush()
