"""A process is told another time of day, which jumps while it runs; its monotonic clock goes on."""

import os
import subprocess
import sys
from pathlib import Path

from tests.faults.clocks import DAY_S, Clocks
from tests.faults.world import variables

SAYS = """
import pickle, sys, time
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from pydantic import BaseModel

class Told(BaseModel):
    at: datetime

for _ in sys.stdin:
    now = datetime.now(UTC)
    assert isinstance(now, datetime) and isinstance(Told(at=now).at, datetime)
    assert isinstance(now + timedelta(1), datetime) and datetime(2026, 1, 1, tzinfo=UTC) < now
    assert pickle.loads(pickle.dumps(now)) == now == datetime.fromisoformat(now.isoformat())
    assert abs(time.time() - now.timestamp()) < 60 > abs(time.time_ns() / 1e9 - time.time())
    assert abs(datetime.fromtimestamp(0, UTC).timestamp()) == 0 and formatdate(now.timestamp())
    print(now.timestamp(), time.monotonic(), flush=True)
"""


def _seen(clocks: Clocks, shown: tuple[str, ...]) -> list[tuple[float, float]]:
    """Time of day and monotonic clock at each, as one process sees them."""
    environment = {**os.environ, **variables(clocks.folder), **clocks.variables("a")}
    argv, pipe = [sys.executable, "-c", SAYS], subprocess.PIPE
    with subprocess.Popen(argv, env=environment, text=True, stdin=pipe, stdout=pipe) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        seen = []
        for to in shown:
            clocks.set("a", to)
            process.stdin.write("\n")
            process.stdin.flush()
            day, monotonic = process.stdout.readline().split()
            seen.append((float(day), float(monotonic)))
        process.stdin.close()
        assert process.wait(60) == 0
    return seen


def test_the_time_of_day_jumps_and_the_monotonic_clock_does_not(tmp_path: Path) -> None:
    clocks = Clocks(tmp_path / "clocks", ("a",))
    right, ahead, behind = _seen(clocks, ("right", "a day ahead", "a day behind"))
    assert 0 <= ahead[0] - DAY_S - right[0] < DAY_S / 2
    assert 0 <= behind[0] + DAY_S - right[0] < DAY_S / 2
    assert right[1] <= ahead[1] <= behind[1] < right[1] + DAY_S / 2
