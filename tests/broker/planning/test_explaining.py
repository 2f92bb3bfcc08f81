"""Why a line is made where and when it is, asked over REST of a broker that planned it."""

from datetime import datetime, timedelta

import pytest
from pydantic import TypeAdapter

from broker.accounts.models import Role
from broker.scheduling.network.explain import Cause, Change
from broker.wire.explanation import ExplanationView, Lever, WaitCause
from broker.wire.messages import Availability, Claimed, LotAccepted, LotDeclined, LotOffer, MachineChanged
from broker.wire.states import RunState
from tests.broker.client.command import llagar
from tests.broker.conftest import HandClock, Person, Town, person
from tests.broker.planning.test_replanning import TRES
from tests.broker.quotes.towns import UNO
from tests.broker.runs.agent import WireAgent
from tests.broker.runs.conftest import Network, Reader, offered_run, order_boxes

pytestmark = pytest.mark.usefixtures("timers_at_rest")

SLACK = timedelta(seconds=1)


async def _asked(town: Town, who: Person, order: str) -> tuple[ExplanationView, ...]:
    async with who.client(town.url) as client:
        answer = await client.get(f"/orders/{order}/explanation")
    assert answer.status_code == 200, answer.text
    return TypeAdapter(tuple[ExplanationView, ...]).validate_json(answer.content)


def _joined(view: ExplanationView, now: datetime) -> bool:
    """One wait after the other, from no later than now until the arrival."""
    ends = [view.waits[0].from_at, *(wait.until_at for wait in view.waits)]
    starts = [*(wait.from_at for wait in view.waits), view.arrives_at or now]
    return view.waits[0].from_at <= now and all(abs(a - b) < SLACK for a, b in zip(ends, starts, strict=True))


def test_every_cause_and_change_of_the_core_has_its_word_on_the_wire() -> None:
    assert {cause.name for cause in Cause} == {cause.name for cause in WaitCause}
    assert {change.name for change in Change} == {lever.name for lever in Lever}


async def test_a_planned_line_says_where_when_and_after_what(
    network: Network, town: Town, agent: WireAgent, clock: HandClock
) -> None:
    order, _hand = await offered_run(town, agent)
    [view] = await _asked(town, network.ana, order)
    [run] = await Reader(town, network.ana).runs(order)
    assert (view.part, view.pieces, view.pieces_unplanned) == ("box.stl", 4, 0)
    assert [(place.workshop, place.machine) for place in view.places] == [("Taller Uno", "prusa")]
    assert view.promised_at == (await Reader(town, network.ana).order(order)).due_at
    assert view.arrives_at is not None
    assert abs(view.arrives_at - run.planned_end - timedelta(days=1)) < SLACK
    assert [wait.cause for wait in view.waits][-3:] == [WaitCause.CHANGE, WaitCause.RUN, WaitCause.TRANSPORT]
    assert _joined(view, clock.now())
    [only] = view.alternatives
    assert (only.machine, only.currency, only.cost >= UNO.rates.shipping) == ("prusa", "EUR", True)


async def test_it_waits_for_what_the_machine_makes_before_it_and_names_nobody(
    network: Network, town: Town, agent: WireAgent, clock: HandClock
) -> None:
    first, hand = await offered_run(town, agent, quantity=2)
    await agent.say(Claimed(), hand)
    bert = await person(network.database, "bert", clock.now(), balance=100_000)
    second = await order_boxes(Town(town.url, town.database, town.clock, bert, town.data), 2)
    await agent.say(LotAccepted(lot=(await agent.next(LotOffer)).lot, quantity=2))
    [view] = await _asked(town, bert, second)
    [behind] = [wait for wait in view.waits if wait.cause is WaitCause.MACHINE]
    assert (behind.parts, behind.others) == ((), True)
    assert Lever.QUEUE in [lever.lever for lever in view.levers]
    assert _joined(view, clock.now())
    [before] = await _asked(town, network.ana, first)
    assert before.arrives_at is not None
    assert view.arrives_at is not None
    assert view.arrives_at > before.arrives_at
    assert first not in view.model_dump_json()
    other = (await Reader(town, network.ana).order(first)).lines[0].id
    assert other not in view.model_dump_json()


async def test_what_is_under_way_ends_by_its_own_progress(
    network: Network, town: Town, agent: WireAgent, clock: HandClock
) -> None:
    order, hand = await offered_run(town, agent)
    await agent.start(hand)
    clock.forward(hours=3)
    [view] = await _asked(town, network.ana, order)
    [run] = await Reader(town, network.ana).runs(order)
    assert run.state is RunState.RUNNING
    assert view.arrives_at is not None
    assert view.arrives_at > clock.now() + timedelta(days=1)
    assert view.waits[-2].cause is WaitCause.RUN
    assert view.waits[-2].from_at <= clock.now() < view.waits[-2].until_at


async def test_an_unplanned_line_says_why(network: Network, town: Town, agent: WireAgent) -> None:
    order = await order_boxes(town, 4)
    await agent.say(LotDeclined(lot=(await agent.next(LotOffer)).lot, reason="no time"))
    [view] = await _asked(town, network.ana, order)
    assert (view.places, view.arrives_at, view.waits, view.levers) == ((), None, (), ())
    assert view.pieces_unplanned == 4
    assert view.unplanned_because == ("Taller Uno (prusa): the shop declined: no time",)
    await agent.say(MachineChanged(machine="prusa", availability=Availability.QUARANTINED, reason="smoke"))
    late = await order_boxes(town, 1)
    [view] = await _asked(town, network.ana, late)
    assert view.unplanned_because == ("Taller Uno (prusa): machine is quarantined: smoke",)


async def test_other_machines_are_named_with_date_and_cost(network: Network, town: Town, agent: WireAgent) -> None:
    other = await network.enrolled(town, TRES)
    async with other.connected():
        await other.say(TRES)
        await other.free("prusa")
        order = await order_boxes(town, 4)
        [view] = await _asked(town, network.ana, order)
    assert {way.workshop for way in view.alternatives} == {"Taller Uno", "Taller Tres"}
    arrivals = [way.arrives_at for way in view.alternatives if way.arrives_at is not None]
    assert arrivals == sorted(arrivals)
    assert len(arrivals) == 2


async def test_the_command_line_says_it_in_words_and_as_json(network: Network, town: Town, agent: WireAgent) -> None:
    order, _hand = await offered_run(town, agent)
    asked = await llagar(town, "why", order, "--json")
    assert (asked.code, asked.err) == (0, "")
    [view] = TypeAdapter(tuple[ExplanationView, ...]).validate_json(asked.out)
    assert view.part == "box.stl"
    said = await llagar(town, "why", order)
    for words in ("box.stl is made by Taller Uno (prusa)", "before the promised date", "a parcel is on its way"):
        assert words in said.out
    assert (await llagar(town, "why", "ord_none")).code == 2


@pytest.mark.parametrize("role", [Role.PRODUCER, Role.WORKSHOP])
async def test_nobody_is_told_of_anothers_order(network: Network, town: Town, agent: WireAgent, role: Role) -> None:
    order = await order_boxes(town, 1)
    stranger = await person(network.database, "stranger", network.clock.now(), role)
    async with stranger.client(town.url) as client:
        assert (await client.get(f"/orders/{order}/explanation")).status_code == 404
        assert (await client.get("/orders/ord_none/explanation")).status_code == 404
    assert len(await _asked(town, network.admin, order)) == 1
