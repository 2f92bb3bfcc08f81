"""What happens to a plan of a whole network, and what-if questions about it: how long each takes, and what moves."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from broker.scheduling.network.events import (
    AgentSilent,
    CancelledOrder,
    ChangedCalendar,
    Event,
    FailedRun,
    MachineTaken,
    Request,
    RushOrder,
    Scrap,
    Tier,
    TimeGoesOn,
)
from broker.scheduling.network.figures import arrivals
from broker.scheduling.network.fortnight import fortnight
from broker.scheduling.network.live import LivePlan, live_plan
from broker.scheduling.network.problem import Problem
from broker.scheduling.network.replan import MOST_MOVED, replan
from broker.scheduling.network.solve import solve
from broker.scheduling.network.whatif import what_if
from broker.scheduling.stopping import AfterIterations, AfterSeconds
from tests.benchmarks.rows import Row

_TOOLS = Path(__file__).parents[4] / "shared" / "tools" / "network"
_CASE = "10000x1000"
_HOUR = 3600.0
_DAY = 24 * _HOUR
_EVENTS, _QUESTIONS, _WARM = 300, 300, 48


@dataclass(slots=True)
class _Times:
    wall_ms: list[float] = field(default_factory=list)
    cpu_s: float = 0.0
    moved: int = 0


def rows(seconds: float | None) -> list[Row]:
    """Empty, with a word, where the shared tools are missing."""
    if not _TOOLS.is_dir():
        print(f"events: left out, {_TOOLS} is missing")
        return []
    live = _live(seconds or 10.0)
    rng = np.random.default_rng(1)
    _happened(live, rng, _WARM)
    _asked(live, rng, _WARM)
    asked, happened = _asked(live, rng, _QUESTIONS), _happened(live, rng, _EVENTS)
    return [
        *_rows("replan", happened, {99: "<= 20"}),
        Row("events", _CASE, "lots moved by one event, at most", "lots", happened.moved, goal=f"<= {MOST_MOVED}"),
        *_rows("what-if, three tiers", asked, {95: "<= 10"}),
    ]


def _rows(metric: str, times: _Times, goals: dict[int, str]) -> list[Row]:
    wall_s = sum(times.wall_ms) / 1000
    return [
        Row(
            "events",
            _CASE,
            f"{metric}, p{share}",
            "ms",
            float(np.percentile(times.wall_ms, share)),
            goal=goals.get(share, ""),
            cpu_s=times.cpu_s,
            wall_s=wall_s,
        )
        for share in (50, 95, 99)
    ]


def _live(seconds: float) -> LivePlan:
    """Every other lot is promised for half a day after it is planned to arrive."""
    problem = _problem()
    plan = solve(problem, AfterSeconds(seconds, time.perf_counter), seed=1).plan
    arrival = arrivals(problem, plan)
    promised = np.where(np.isfinite(arrival) & (np.arange(len(arrival)) % 2 == 0), arrival + _DAY / 2, np.inf)
    live = live_plan(problem, plan, promised, seed=1)
    replan(live, TimeGoesOn(2 * _DAY), AfterIterations(0), seed=1)
    return live


def _problem() -> Problem:
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "instance.npz"
        sizes = ["--shops", "340", "--machines", "1000", "--lots", "10000", "--seed", "1"]
        subprocess.run([sys.executable, str(_TOOLS / "instance.py"), str(made), *sizes], check=True)
        with np.load(made) as data:
            return fortnight(dict(data))


def _happened(live: LivePlan, rng: np.random.Generator, number: int) -> _Times:
    times = _Times()
    for count in range(number):
        event = _event(live, rng, count % 8)
        began, used = time.perf_counter(), time.process_time()
        answer = replan(live, event, AfterIterations(8), seed=count)
        times.wall_ms.append((time.perf_counter() - began) * 1000)
        times.cpu_s += time.process_time() - used
        times.moved = max(times.moved, answer.lots_moved)
    return times


def _asked(live: LivePlan, rng: np.random.Generator, number: int) -> _Times:
    times = _Times()
    for count in range(number):
        request = _request(live, rng)
        began, used = time.perf_counter(), time.process_time()
        what_if(live, request, tuple(Tier), seed=count)
        times.wall_ms.append((time.perf_counter() - began) * 1000)
        times.cpu_s += time.process_time() - used
    return times


def _event(live: LivePlan, rng: np.random.Generator, kind: int) -> Event:
    now, machine = live.now_s, int(rng.choice(live.world.of_kind))
    workshop = int(live.world.machines["shop"][machine])
    lot = int(rng.choice(np.flatnonzero(live.state.tallies["pieces"][: live.lots] > 0)))
    makers: tuple[Callable[[], Event], ...] = (
        lambda: TimeGoesOn(now + 600.0),
        lambda: FailedRun(_running(live, rng), now + float(rng.integers(0, 3)) * _HOUR),
        lambda: Scrap(lot, 1),
        lambda: MachineTaken(machine, now, now + float(rng.choice([2 * _HOUR, _DAY, np.inf]))),
        lambda: AgentSilent(workshop, now + float(rng.integers(1, 12)) * _HOUR),
        lambda: RushOrder(_request(live, rng)),
        lambda: CancelledOrder((lot,)),
        lambda: _day_off(live, workshop, rng),
    )
    return makers[kind]()


def _day_off(live: LivePlan, workshop: int, rng: np.random.Generator) -> ChangedCalendar:
    shifts = live.world.shops[workshop]
    rows = live.world.shift_s[shifts["shift_first"] : shifts["shift_last"]]
    return ChangedCalendar(workshop, np.delete(rows, rng.integers(len(rows)), axis=0) if len(rows) else rows)


def _running(live: LivePlan, rng: np.random.Generator) -> int:
    runs = live.state.runs
    return int(
        rng.choice(np.flatnonzero((runs["machine"] >= 0) & (runs["begin"] < live.now_s) & (runs["end"] > live.now_s)))
    )


def _request(live: LivePlan, rng: np.random.Generator) -> Request:
    """Like some lot of the plan, wanted within days."""
    like = int(rng.integers(len(live.problem.lots.quantity)))
    lots, shops = live.problem.lots, live.problem.workshops
    weight = float(lots.weight[like])
    return Request(
        family=int(lots.family[like]),
        quantity=int(lots.quantity[like]),
        piece_s=lots.piece_s[like],
        per_plate=lots.per_plate[like],
        ship_s=shops.ship_s[lots.place[like]],
        ship_cost=shops.ship_cost[lots.place[like]],
        release_s=live.now_s,
        due_s=live.now_s + float(rng.integers(1, 6)) * _DAY,
        weight=weight,
        rejection=weight * live.problem.horizon_s,
    )
