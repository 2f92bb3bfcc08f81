"""`python -m tests.faults --kills N --seed S`: real processes under SIGKILL; the last line counts violations."""

import argparse
import json
import signal
import sys
import time
from collections import Counter
from pathlib import Path

from tests.faults.conductor import Outcome
from tests.faults.led import led
from tests.faults.schedule import drawn, every_point


def main() -> int:
    words = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    words.add_argument("--kills", type=int, default=50, help="at least so many")
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--world", type=int, help="only this one of the seed's worlds, counted from 0")
    words.add_argument("--points", default="", metavar="WORD", help="only those whose names hold it")
    words.add_argument("--json", type=Path, help="what happened, for the documents")
    wanted = words.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    began_s = time.monotonic()
    outcomes: list[Outcome] = []
    kills, number = 0, -1
    while kills < wanted.kills:
        number += 1
        schedule = drawn(f"{wanted.seed}/{number}", wanted.points)
        kills += schedule.kills
        if wanted.world not in (None, number):
            continue
        print(f"world {number} of seed {wanted.seed}: {schedule.kills} kills are planned", flush=True)
        outcomes.append(led(schedule, lambda text: print(text, flush=True)))
        print(f"      {len(outcomes[-1].died)} kills, {outcomes[-1].orders} orders, {outcomes[-1].wall_s:.0f} s")
        for point in outcomes[-1].missed:
            print(f"      {point} was never passed")
        for violation in outcomes[-1].violations:
            print(f"      VIOLATION: {violation}", flush=True)
    return _told(outcomes, wanted.json, time.monotonic() - began_s)


def _told(outcomes: list[Outcome], path: Path | None, wall_s: float) -> int:
    hits = Counter(point for outcome in outcomes for _, point in outcome.died)
    points = [point for _, point in every_point()]
    violations = [one for outcome in outcomes for one in outcome.violations]
    for point in points:
        print(f"{hits[point]:5d}  {point}")
    kills = sum(hits.values())
    print(f"{kills} kills in {wall_s:.0f} s, {sum(hits[point] > 0 for point in points)} of {len(points)} points hit")
    if path is not None:
        made = {"kills": kills, "wall_s": round(wall_s, 1), "worlds": len(outcomes), "hits": dict(hits)}
        more = {"orders": sum(one.orders for one in outcomes), "violations": violations}
        path.write_text(json.dumps({**made, **more}, indent=1) + "\n", encoding="utf-8")
    print(f"{len(violations)} violations")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
