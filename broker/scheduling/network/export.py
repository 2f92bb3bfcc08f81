"""From a state to a plan."""

import numpy as np

from broker.scheduling.network.problem import Ints, Plan
from broker.scheduling.network.state import State
from broker.scheduling.network.world import Records


def plan_of(state: State) -> Plan:
    """Runs in order of begin, then machine, each with its entries; runs that can't be done are left out."""
    chosen = np.flatnonzero((state.runs["machine"] >= 0) & np.isfinite(state.runs["end"]))
    runs = state.runs[chosen]
    order = np.lexsort((runs["machine"], runs["begin"]))
    chosen, runs = chosen[order], runs[order]
    entries = _entries(state, chosen)
    number = np.full(len(state.runs), -1, dtype=np.int64)
    number[chosen] = np.arange(len(chosen))
    return Plan(
        machine=runs["machine"].copy(),
        begin_s=runs["begin"].copy(),
        start_s=runs["start"].copy(),
        end_s=runs["end"].copy(),
        entry_first=np.searchsorted(number[entries["run"]], np.arange(len(chosen) + 1)).astype(np.int64),
        entry_lot=entries["lot"].copy(),
        entry_pieces=entries["pieces"].copy(),
    )


def _entries(state: State, chosen: Ints) -> Records:
    """In order of their runs, then lots."""
    number = np.full(len(state.runs), -1, dtype=np.int64)
    number[chosen] = np.arange(len(chosen))
    # A free entry holds no pieces.
    held: Records = state.entries[state.entries["pieces"] > 0]
    held = held[number[held["run"]] >= 0]
    ordered: Records = held[np.lexsort((held["lot"], number[held["run"]]))]
    return ordered
