"""`python -m tests.faults --kills N --seed S`: real processes under SIGKILL; the last line counts violations."""

import argparse
import json
import signal
import sys
import time
from collections import Counter
from contextlib import nullcontext
from pathlib import Path

from tests.faults.conductor import Outcome
from tests.faults.led import led
from tests.faults.schedule import drawn, every_point
from tests.postgresql.server import server

JUMPS = 24
"""Of clocks, in a world where they do."""


def main() -> int:
    words = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    words.add_argument("--kills", type=int, default=50, help="at least so many")
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--world", type=int, help="only this one of the seed's worlds, counted from 0")
    words.add_argument("--at-most", type=int, metavar="N", help="in one world; else every point once")
    words.add_argument("--points", default="", metavar="WORD", help="only those whose names hold it")
    words.add_argument("--postgresql", action="store_true", help="the broker's database is a server's")
    words.add_argument("--clocks", action="store_true", help="wall clocks jump by a day meanwhile")
    words.add_argument("--json", type=Path, help="what happened, for the documents")
    wanted = words.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    outcomes: list[Outcome] = []
    kills, number = 0, -1
    with server() if wanted.postgresql else nullcontext() as databases:
        while kills < wanted.kills:
            number += 1
            schedule = drawn(f"{wanted.seed}/{number}", wanted.points, wanted.at_most)
            schedule.jumps = JUMPS if wanted.clocks else 0
            planned = min(schedule.kills, wanted.at_most or schedule.kills)
            kills += planned
            if wanted.world not in (None, number):
                continue
            print(f"world {number} of seed {wanted.seed}: {planned} kills are planned", flush=True)
            database = None if databases is None else databases.url(databases.make())
            began_s = time.monotonic()

            def say(text: str, began_s: float = began_s) -> None:
                print(f"{time.monotonic() - began_s:7.1f} s {text}", flush=True)

            outcomes.append(led(schedule, say, clocks=wanted.clocks, database=database))
            _say_how(outcomes[-1])
            if wanted.json is not None:
                _write(outcomes, wanted.json)
    return _told(outcomes)


def _say_how(outcome: Outcome) -> None:
    print(f"      {len(outcome.died)} kills, {outcome.orders} orders, {outcome.wall_s:.0f} s")
    for point in outcome.missed:
        print(f"      {point} was never passed")
    for violation in outcome.violations:
        print(f"      VIOLATION: {violation}", flush=True)


def _hits(outcomes: list[Outcome]) -> Counter[str]:
    return Counter(point for outcome in outcomes for _, point in outcome.died)


def _write(outcomes: list[Outcome], path: Path) -> None:
    """After each world, so that what ends in the middle has said something."""
    hits = _hits(outcomes)
    told = {
        "kills": sum(hits.values()),
        "wall_s": round(sum(one.wall_s for one in outcomes), 1),
        "worlds": len(outcomes),
        "orders": sum(one.orders for one in outcomes),
        "hits": dict(hits),
        "missed": [point for one in outcomes for point in one.missed],
        "violations": [violation for one in outcomes for violation in one.violations],
    }
    path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def _told(outcomes: list[Outcome]) -> int:
    hits, points = _hits(outcomes), [point for _, point in every_point()]
    violations = sum(len(one.violations) for one in outcomes)
    for point in points:
        print(f"{hits[point]:5d}  {point}")
    kills, wall_s = sum(hits.values()), sum(one.wall_s for one in outcomes)
    print(f"{kills} kills in {wall_s:.0f} s, {sum(hits[point] > 0 for point in points)} of {len(points)} points hit")
    print(f"{violations} violations")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
