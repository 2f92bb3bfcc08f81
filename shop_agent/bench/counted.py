"""Runs whose pieces were counted or settled, and their counts put right."""

from shop_agent.agent import Agent
from shop_agent.bench import schemas
from shop_agent.bench.errors import NoSuchThing
from shop_agent.state import events as ev
from shop_agent.state.count_rules import changed_lots
from shop_agent.state.memory import DONE
from shop_agent.state.records import Count, RunRecord
from shop_agent.state.tasks import label
from shop_agent.translate import core_counts, wire_counts


class CountedRuns:
    def __init__(self, agent: Agent) -> None:
        self._agent = agent

    def runs(self) -> list[schemas.CountedRun]:
        """The newest first."""
        done = [run for run in self._agent.memory.runs.values() if run.phase in DONE and run.needs is not None]
        return [self._view(run) for run in sorted(done, key=lambda run: -run.order)]

    def correct(self, run_id: str, correction: schemas.Correction) -> schemas.CountedRun:
        """The same may be sent again. Raises NoSuchThing, Refused."""
        run = self._agent.memory.runs.get(run_id)
        if run is None:
            raise NoSuchThing(f"no run {run_id} is known here")
        counts = core_counts(correction.counts)
        if run.uncorrected is None or changed_lots(run.counts, counts):
            self._agent.apply(ev.CorrectionGiven(run_id, correction.operator, correction.note, counts))
        return self._view(self._agent.memory.runs[run_id])

    def _view(self, run: RunRecord) -> schemas.CountedRun:
        counts = _complete(run)
        return schemas.CountedRun(
            run=run.id,
            label=label(run.id),
            machine=run.machine,
            state=run.phase.value,
            material=run.material,
            parts=run.needs.parts if run.needs else (),
            expected=tuple(schemas.Expected(lot=lot, pieces=pieces) for lot, pieces in run.left().items()),
            counts=wire_counts(counts),
            note=run.note,
            handed_over=tuple(count.lot for count in counts if self._is_gone(count.lot)),
        )

    def _is_gone(self, lot: str) -> bool:
        known = self._agent.memory.lots.get(lot)
        return known is not None and known.handed_over


def _complete(run: RunRecord) -> tuple[Count, ...]:
    """A lot that a settlement left out counted as nothing."""
    named = {count.lot for count in run.counts}
    return (*run.counts, *(Count(lot, 0) for lot in run.left() if lot not in named))
