"""What a search brings down where another objective than tardiness is asked for, and how good a plan is by each.

Whatever comes first is weighed so much that weighted seconds late, which a search counts in any case, only decide
between plans that are alike in it.
"""

import numpy as np

from broker.scheduling.network.objective import Objective
from broker.scheduling.network.problem import Floats
from broker.scheduling.network.state import State
from broker.scheduling.network.world import World

REJECTED = 1e6
"""A plan's rejections, where they come before its end: so many times as dear."""
EARNED = 1e5
"""Weighted seconds that an earned second is worth, where earned use comes first."""
Score = tuple[float, ...]
"""What is asked for, one after the other, each the better the less it is."""


def aimed(laid: World, objective: Objective) -> World:
    """Lots and limits by which plans are worth what the objective asks for; the limits are its own."""
    lots, limits = laid.lots.copy(), laid.limits.copy()
    if objective is Objective.MAKESPAN:
        lots["rejection"] *= REJECTED
    if objective is Objective.UTILISATION:
        lots["rejection"] += EARNED * lots["earns"] * lots["quantity"]
        limits["lost"], limits["target"] = EARNED, limits["horizon"]
    limits["aimed"] = objective is not Objective.TARDINESS
    return laid._replace(lots=lots, limits=limits)


def score(laid: World, state: State, objective: Objective) -> Score:
    """Of a plan that holds; `laid` is the world as it is, aimed at nothing."""
    whole = np.isfinite(state.tallies["arrival"]) & (state.tallies["pieces"] >= laid.lots["quantity"])
    late = laid.lots["weight"][whole] * np.clip(state.tallies["arrival"][whole] - laid.lots["due"][whole], 0.0, None)
    wanted = laid.lots["quantity"] > 0
    tardy = round(float(late.sum()), 3)
    rejected = round(float(laid.lots["rejection"][wanted & ~whole].sum()), 3)
    cost = round(float(state.head["cost"][0]), 3)
    if objective is Objective.MAKESPAN:
        return rejected, end_s(state), tardy, cost
    if objective is Objective.UTILISATION:
        return -earned_s(laid, state), tardy + rejected, cost
    return tardy + rejected, cost


def end_s(state: State) -> float:
    return float(state.runs["end"][state.runs["machine"] >= 0].max(initial=0.0))


def earned_s(laid: World, state: State) -> float:
    """Seconds that the plan earns within the horizon."""
    held = state.entries[state.entries["pieces"] > 0]
    runs = state.runs[held["run"]]
    over = np.clip((runs["end"] - laid.limits["horizon"][0]) / runs["making"], 0.0, 1.0)
    earned: Floats = (1.0 - over) * held["pieces"] * laid.lots["earns"][held["lot"]]
    return round(float(earned.sum()), 3)
