"""Check and estimate together, in a fresh interpreter: `FILE ROUNDS`; the first round is the cold one."""

import json
import sys
import time

BEGAN = time.perf_counter()


def main(path: str, rounds: int) -> None:
    from pathlib import Path

    from slicer_bridge.motion.limits import DEFAULTS, Planner
    from slicer_bridge.programs.check import ProgramChecker
    from slicer_bridge.programs.limits import load_limits
    from slicer_bridge.programs.quick import judge_and_estimate

    limits = load_limits(Path(__file__).parents[3] / "rigs" / "limits" / "marlin.toml")
    samples = []
    for number in range(rounds):
        began, spent = (BEGAN if number == 0 else time.perf_counter()), time.process_time()
        verdict, found = judge_and_estimate(Path(path), ProgramChecker(limits), limits, DEFAULTS[Planner.MARLIN])
        samples.append({"wall_s": time.perf_counter() - began, "cpu_s": time.process_time() - spent})
        assert verdict.ok, verdict.findings[:3]
        assert found.moves
    json.dump(samples, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
