"""`python -m broker.scheduling solve FILE`: machines and arrays, or a network by arrays or by name, planned."""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel, ValidationError

from broker.scheduling.assignment.solve import solve as solve_assignment
from broker.scheduling.errors import SchedulingError
from broker.scheduling.files.arrays import read_arrays
from broker.scheduling.files.errors import WrongFile
from broker.scheduling.files.explain_words import explained
from broker.scheduling.files.instances import is_network, network, unrelated_machines
from broker.scheduling.files.named import Names, named_problem
from broker.scheduling.files.problem_file import ProblemFile
from broker.scheduling.files.result_file import instance_result, named_result
from broker.scheduling.makespan.solve import solve as solve_makespan
from broker.scheduling.network.check import require_feasible
from broker.scheduling.network.explain import explain
from broker.scheduling.network.objective import Objective
from broker.scheduling.network.problem import Problem, Result
from broker.scheduling.network.solve import solve as solve_network
from broker.scheduling.stopping import AfterSeconds, Stop
from broker.scheduling.unrelated import Sequences, UnrelatedMachines, makespan

SECONDS = 20.0
MOST_BYTES = 256 * 1024**2
"""Of a problem's JSON."""
CHECK_S = 6e-5
"""A lot's share of what is done once the search has ended: its plan checked, its answer written."""


class SequencesFile(BaseModel):
    makespan: float
    sequences: list[list[int]]
    bound: float
    gap: float
    left_out: list[int]
    trace: list[tuple[int, float]]


def add_solve(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The sub-command and its options."""
    solve = commands.add_parser("solve", help="who makes what, where and when")
    solve.add_argument("file", type=Path, help=".npz with p[n, m] (and s[m, n, n]) or a network's arrays, or .json")
    solve.add_argument(
        "--objective",
        type=Objective,
        choices=list(Objective),
        help="what comes first: tardiness for a network, makespan for p[n, m], if nothing is said",
    )
    solve.add_argument("--seconds", type=float, default=SECONDS, help="from the file to the answer")
    solve.add_argument("--seed", type=int, default=1)
    solve.add_argument("--explain", metavar="LOT", help="say why this lot is made where and when it is")
    solve.add_argument("--json", type=Path, help="write the answer there, not to the terminal")
    solve.set_defaults(run=_run)


def _run(given: argparse.Namespace) -> int:
    """Exit code: 0, or 2 where the file can't be read or is wrong."""
    began = time.monotonic()
    try:
        if not 0 <= given.seconds < float("inf"):
            raise WrongFile(f"--seconds {given.seconds:g}: give a number of seconds, 0 or more")
        text = _answer(given, began)
        if given.json:
            given.json.write_text(text, encoding="utf-8")
        else:
            print(text)  # noqa: T201 - a command's own answer
    except (OSError, SchedulingError) as error:
        print(f"{given.file}: {error}", file=sys.stderr)  # noqa: T201 - a command's own words
        return 2
    except ValidationError as error:
        print(f"{given.file}: {_in_words(error)}", file=sys.stderr)  # noqa: T201 - a command's own words
        return 2
    return 0


def _in_words(error: ValidationError) -> str:
    """What is wrong and where, by the file's own keys."""
    faults = error.errors(include_url=False, include_context=False)
    said = [f"{'.'.join(map(str, fault['loc'])) or 'file'}: {fault['msg']}" for fault in faults[:5]]
    more = [f"and {len(faults) - 5} more"] if len(faults) > 5 else []
    return "; ".join([*said, *more]) + "; see docs/scheduling.md"


def _answer(given: argparse.Namespace, began: float) -> str:
    if given.file.suffix == ".json":
        problem, names = _read_json(given.file)
        result = _planned(given, problem, began)
        return named_result(problem, names, result, _explained(given, problem, names, result)).model_dump_json(indent=1)
    arrays = read_arrays(given.file)
    if is_network(arrays):
        problem = network(arrays)
        result = _planned(given, problem, began)
        words = _explained(given, problem, Names.numbers(problem), result)
        return instance_result(result, words).model_dump_json()
    return _sequenced(given, unrelated_machines(arrays), began)


def _read_json(path: Path) -> tuple[Problem, Names]:
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise WrongFile(f"is of {size} bytes, {MOST_BYTES} are allowed; plan in parts")
    return named_problem(ProblemFile.model_validate_json(path.read_bytes()))


def _planned(given: argparse.Namespace, problem: Problem, began: float) -> Result:
    reserve = min(CHECK_S * len(problem.lots.quantity), given.seconds / 2)
    objective = given.objective or Objective.TARDINESS
    result = solve_network(problem, _stop(given.seconds - reserve, began), given.seed, objective=objective)
    require_feasible(problem, result)
    return result


def _sequenced(given: argparse.Namespace, problem: UnrelatedMachines, began: float) -> str:
    if given.objective not in (None, Objective.MAKESPAN):
        raise WrongFile(f"--objective {given.objective}: p[n, m] has no due dates; give makespan, or leave it out")
    if given.explain is not None:
        raise WrongFile("--explain: p[n, m] has no dates to explain; leave it out")
    stop = _stop(given.seconds, began)
    solve: Callable[[UnrelatedMachines, Stop, int], Sequences] = (
        solve_assignment if problem.setup is None else solve_makespan
    )
    found = solve(problem, stop, given.seed)
    _require_true(problem, found)
    answer = SequencesFile(
        makespan=found.makespan,
        sequences=[list(jobs) for jobs in found.jobs],
        bound=found.bound,
        gap=found.gap,
        left_out=list(found.left_out),
        trace=list(found.trace),
    )
    return answer.model_dump_json()


def _require_true(problem: UnrelatedMachines, found: Sequences) -> None:
    """Raises SchedulingError where the answer isn't what it says."""
    said = makespan(problem, found.jobs)
    jobs = sum(map(len, found.jobs)) + len(found.left_out)
    if abs(said - found.makespan) > 1e-6 * max(1.0, said) or jobs != len(problem.time):
        raise SchedulingError(f"the plan of {jobs} jobs and makespan {found.makespan:g} is none of this problem")


def _explained(given: argparse.Namespace, problem: Problem, names: Names, result: Result) -> list[str] | None:
    if given.explain is None:
        return None
    if given.explain not in names.lots:
        raise WrongFile(f"--explain {given.explain}: there is no such lot")
    return explained(problem, names, explain(problem, result.plan, names.lots.index(given.explain)))


def _stop(seconds: float, began: float) -> Stop:
    """Counts from when the command began; says how long there is to go, where somebody watches."""
    stop = AfterSeconds(max(0.0, seconds - (time.monotonic() - began)), time.monotonic)
    return _Watched(stop, began, began + seconds) if sys.stderr.isatty() else stop


class _Watched:
    """A stop that writes the seconds to the terminal, twice a second."""

    def __init__(self, stop: AfterSeconds, began: float, ends: float) -> None:
        self._stop, self._began, self._ends = stop, began, ends
        self._said = began

    def __call__(self) -> bool:
        now = time.monotonic()
        if now >= self._said + 0.5:
            self._said = now
            sys.stderr.write(f"\r{now - self._began:.1f} s of {self._ends - self._began:.1f} ")
            sys.stderr.flush()
        stopped = self._stop()
        if stopped:
            sys.stderr.write("\r\x1b[K")
        return stopped

    def share(self) -> float:
        return self._stop.share()
