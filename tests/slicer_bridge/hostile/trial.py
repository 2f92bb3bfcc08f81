"""What one file did to the reader: time, memory and words, each in a process of its own."""

import json
import re
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.slicer_bridge.hostile.case import Case

SECONDS, MEGABYTES = 5.0, 512.0
_ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class Trial:
    """`wall_s` and `cpu_s` of the reader, `rss_mb` its largest; `kind` and `words` of the error, "" if it was read."""

    name: str
    wall_s: float
    cpu_s: float
    rss_mb: float
    kind: str
    words: str
    left: list[str]

    def faults(self, case: Case) -> list[str]:
        """What is wrong with the answer; CPU time stands for time, so that a busy machine does not count."""
        found = []
        if self.cpu_s > SECONDS:
            found.append(f"took {self.cpu_s:.1f} s of computing")
        if self.rss_mb > MEGABYTES:
            found.append(f"took {self.rss_mb:.0f} MB")
        if self.left:
            found.append(f"left {self.left}")
        if self.kind and self.name not in self.words:
            found.append(f"does not name the file: {self.words}")
        if case.words and not re.search(case.words, self.words):
            found.append(f"says {self.words!r}, without {case.words!r}")
        if not self.kind and case.words:
            found.append("was read")
        return found


def trial(path: Path) -> Trial:
    """In a fresh process, whose only child is the reader: the system knows its time and memory."""
    command = [sys.executable, "-m", "tests.slicer_bridge.hostile.trial", str(path)]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        return Trial(path.name, 0.0, 0.0, 0.0, "", f"the parent ended: {done.stderr[-500:]}", ["a dead parent"])
    return Trial(**json.loads(done.stdout))


def _measured(path: Path) -> Trial:
    import resource
    import time

    from slicer_bridge.errors import BridgeError
    from slicer_bridge.intake import heating
    from slicer_bridge.intake.measure import _environment, measure_file

    heating.heat(_environment())
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    kind = words = ""
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        try:
            measure_file(path, Path(folder))
        except BridgeError as error:
            kind, words = type(error).__name__, str(error)
        wall_s = time.perf_counter() - begin
        allowed = {"normalised.stl", "normalised.dxf"} if not kind else set()
        left = [one.name for one in Path(folder).iterdir() if one.name not in allowed]
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    return Trial(path.name, wall_s, cpu_s, used.ru_maxrss / 1024, kind, words[:500], left)


if __name__ == "__main__":
    print(json.dumps(asdict(_measured(Path(sys.argv[1])))))
