"""What is said of a run without moving it: each raises its version."""

from typing import assert_never

from broker.runs.lifecycle.content import require_counts, require_piece
from broker.runs.lifecycle.errors import Unfit
from broker.runs.lifecycle.events import Counts, PieceSkipped, Remarked
from broker.runs.lifecycle.facts import ON_MACHINE, RunFacts
from broker.runs.lifecycle.instructions import Instruction, KeepRemark
from broker.runs.lifecycle.restoring import may_correct, renumber, renumbered
from broker.runs.lifecycle.saying import require_current
from broker.wire.states import RunState

_COUNTED = frozenset({RunState.ACCEPTED, RunState.SCRAPPED})


def remark(run: RunFacts, said: Remarked) -> tuple[Instruction, ...]:
    """Raises Stale or Unfit for one that changes nothing."""
    before, run = run, renumbered(run, said)
    require_current(run, said)
    match said.told:
        case PieceSkipped():
            _require_under_way(run, said.epoch)
            require_piece(run.plate, said.told)
        case Counts():
            if run.state not in _COUNTED:
                raise Unfit(f"no count can be corrected of a run that is {run.state}")
            require_counts(run.plate, said.told)
        case _:
            assert_never(said.told)
    return (*renumber(run, before), KeepRemark(run.version + 1))


def _require_under_way(run: RunFacts, epoch: str) -> None:
    silent = run.state is RunState.UNKNOWN and may_correct(run, epoch)
    if run.state not in ON_MACHINE and not silent:
        raise Unfit(f"nothing can be skipped of a run that is {run.state}")
