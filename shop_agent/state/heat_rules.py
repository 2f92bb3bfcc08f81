"""Heat-ups of one workshop are staggered, so that the breaker holds.

A run's heat-up counts from the request of its permit until its heaters have once reached their targets, its machine's
`heat_up_s` has passed since it started, or it has ended. Who was armed first heats first, and nobody overtakes whoever
waits: a heat-up ends by itself and each fits the budget alone, so nobody waits for ever.
"""

from broker.wire.states import RunState
from shop_agent.state.memory import Memory
from shop_agent.state.records import Now, RunRecord

_S = RunState
_MAY_HEAT = frozenset({_S.PERMITTED, _S.STARTING, _S.RUNNING, _S.PAUSED})
_WARM_S = float("-inf")


def next_armed(memory: Memory) -> int:
    return 1 + max((run.armed for run in memory.runs.values()), default=0)


def follow(memory: Memory, now: Now) -> None:
    """Take notice of what has started, is warm or has ended. A run that was permitted starts before its deadline."""
    for run in memory.runs.values():
        if run.phase in _MAY_HEAT:
            memory.heating_since.setdefault(run.id, memory.deadlines.get(run.id, now.mono_s))
            view = memory.views.get(run.machine)
            if view is not None and view.warm == run.id:
                memory.heating_since[run.id] = _WARM_S
    _forget(memory, memory.heating_since, _MAY_HEAT)
    _forget(memory, memory.slot_waits, frozenset({_S.ARMED}))


def _forget(memory: Memory, kept: dict[str, float] | dict[str, str], phases: frozenset[RunState]) -> None:
    for run in [run for run in kept if run not in memory.runs or memory.runs[run].phase not in phases]:
        del kept[run]


def is_heating(memory: Memory, run: RunRecord, now: Now) -> bool:
    """Its heat-up counts at this moment."""
    facts = memory.facts.get(run.machine)
    if facts is None or not facts.heat_w:
        return False
    if run.phase is _S.ARMED:
        return is_asking(memory, run)
    since_s = memory.heating_since.get(run.id)
    return run.phase in _MAY_HEAT and (since_s is None or now.mono_s < since_s + facts.heat_up_s)


def is_asking(memory: Memory, run: RunRecord) -> bool:
    """A permit was asked for, and may be granted any moment."""
    tries = memory.asked.get(run.id, [])
    return bool(tries) and tries[-1].denied_s is None


def must_wait(memory: Memory, run: RunRecord, now: Now, first: RunRecord | None) -> bool:
    """Whether it may not heat up yet; `first` waits already. For whom it waits stands in `slot_waits`."""
    budget_w, needs_w = memory.rules.power_budget_w, memory.facts[run.machine].heat_w
    memory.slot_waits.pop(run.id, None)
    if budget_w is None or not needs_w or is_asking(memory, run):
        return False
    hot = [one.machine for one in memory.runs.values() if is_heating(memory, one, now)]
    if first is None and sum(memory.facts[name].heat_w for name in hot) + needs_w <= budget_w:
        return False
    before = [f"{name} is heating" for name in hot] + ([f"{first.machine} is before it"] if first else [])
    memory.slot_waits[run.id] = f"waits for a heat-up slot: {', '.join(before)}"
    return True
