"""Links that are cut while something is under way: on both ends, or half of them with nobody told."""

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from hardware_sim.network.api import RunSeen
from tests.faults.judge import judged
from tests.faults.points import Role
from tests.faults.wires import Cut, Wire, may_lay, wires
from tests.faults.world import BROKER, PRINTERS, World, world
from tests.waiting import eventually

SHOP = "Nava"
AGENT = f"{Role.AGENT}-{SHOP}"
PATIENCE_S = 180.0
RECONCILED_S = 5.0
UNDER_WAY = frozenset({"permitted", "starting", "running"})
"""What the broker may have heard of a run whose streamer has just been stopped."""
CUTS: tuple[tuple[tuple[str, ...], str, Cut, float], ...] = (
    ((BROKER,), "broker.run_offer.send.before", Cut.HALF, 3.0),
    ((AGENT,), "agent.events.send.before", Cut.OFF, 2.0),
    ((AGENT,), "agent.permit_request.send.before", Cut.OTHER_HALF, 3.0),
    ((BROKER,), "broker.permit.commit.after", Cut.OFF, 2.0),
    ((BROKER,), "broker.permit.send.before", Cut.HALF, 35.0),
    ((BROKER,), "broker.ack.send.before", Cut.HALF, 3.0),
    (PRINTERS, "streamer.running.commit.after", Cut.OFF, 8.0),
    ((AGENT,), "agent.finished.commit.after", Cut.OTHER_HALF, 35.0),
)
"""Who is stopped where, which half of the link is gone when it goes on, and for how many seconds."""


@pytest.fixture
def wire() -> Iterator[Wire]:
    if why := may_lay():
        pytest.skip(why)
    with wires(SHOP) as made:
        yield made[SHOP]


def _stopped(made: World, roles: tuple[str, ...], point: str) -> tuple[str, int]:
    """Who has stopped at the point."""
    for role in roles:
        made.asking.ask(role, {point: 1}, signal.SIGSTOP)

    def found() -> tuple[str, int] | None:
        made.network.require_sound()
        hits = {role: made.asking.hit(role) for role in roles}
        return next(((role, hit[0]) for role, hit in hits.items() if hit is not None), None)

    role, pid = eventually(found, PATIENCE_S)
    for other in roles:
        made.asking.withdraw(other)
    return role, pid


@pytest.mark.proof(share=0.0364)
def test_links_are_cut_at_every_turn(wire: Wire) -> None:
    with world(wired={SHOP: wire}) as made:
        made.producer.start()
        for roles, point, cut, for_s in CUTS:
            _, pid = _stopped(made, roles, point)
            wire.cut(cut)
            os.kill(pid, signal.SIGCONT)
            threading.Event().wait(for_s)  # how long it is cut is the fault itself
            wire.mend()
        made.finish()
        assert judged(made) == []


def _finished(made: World, machine: str) -> bool:
    path = made.agent_data(SHOP) / "machines" / machine / "runs.sqlite"
    with closing(sqlite3.connect(path)) as journal:
        (kind,) = journal.execute("SELECT kind FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
    return bool(kind == "finished")


def _run_on(made: World, machine: str, states: frozenset[str]) -> RunSeen | None:
    runs = made.network.broker().runs(made.producer.under_way[0])
    return next((run for run in runs if run.machine == machine and run.state in states), None)


@pytest.mark.proof(share=0.0136)
def test_a_print_goes_on_for_a_day_without_its_broker(wire: Wire) -> None:
    with world(clocks=True, wired={SHOP: wire}) as made:
        assert made.clocks is not None
        made.producer.start()
        streamer, pid = _stopped(made, PRINTERS, "streamer.running.commit.after")
        machine = streamer.partition("-")[2]
        running = eventually(lambda: _run_on(made, machine, UNDER_WAY))
        wire.cut(Cut.OFF)
        os.kill(pid, signal.SIGCONT)
        eventually(lambda: _finished(made, machine), PATIENCE_S)
        for computer in (BROKER, AGENT):
            made.clocks.set(computer, "a day ahead")
        broker = made.network.broker()
        eventually(lambda: _run_on(made, machine, frozenset({"unknown"})), PATIENCE_S)

        wire.mend()
        eventually(lambda: any(one.name == SHOP and one.link == "connected" for one in broker.workshops()), PATIENCE_S)
        back_s = time.monotonic()
        eventually(lambda: _run_on(made, machine, frozenset({"finished", "accepted"})))
        assert time.monotonic() - back_s <= RECONCILED_S

        made.finish()
        states = next(run for run in broker.runs(running.order_ids[0]) if run.id == running.id).states
        assert "unknown" in states
        assert states[-1] == "accepted"
        assert judged(made) == []
