"""What of a live plan hasn't begun, as a problem of its own and a plan of it."""

from dataclasses import replace

import numpy as np

from broker.scheduling.network.export import plan_of
from broker.scheduling.network.live import LivePlan
from broker.scheduling.network.problem import Floats, Ints, Lots, Machines, Plan, Problem
from broker.scheduling.network.world import Records

_FOR_GOOD_S = 1e8
_CANT = "this class of machine can't make it"


def posed(live: LivePlan) -> tuple[Problem, Plan]:
    """Lots without what has begun, machines ready when what they do ends: to be checked, or solved anew.

    Due dates and weights are as the live plan reckons with them, promises included; nothing says why classes can't
    make a new lot.
    """
    whole = plan_of(live.state)
    ready, family = _ready(live, whole)
    first = int(np.searchsorted(whole.begin_s, live.now_s, "left"))
    left = _after(whole, first)
    done = whole.entry_first[first]
    laid, problem = live.world, live.problem
    made = np.zeros(live.lots, dtype=np.int64)
    np.add.at(made, whole.entry_lot[:done], whole.entry_pieces[:done])
    stock = _stock_left(live, whole, first)
    blocks = _blocks(live)
    machines = Machines(laid.machines["shop"].copy(), laid.machines["kind"].copy(), ready, family, *blocks)
    shops = laid.shops
    workshops = replace(
        problem.workshops,
        shift_first=np.append(shops["shift_first"], len(laid.shift_s)).astype(np.int64),
        shift_s=laid.shift_s,
        ship_s=laid.ship_s[: live.places].copy(),
        ship_cost=laid.ship_cost[: live.places].copy(),
        stock=stock,
    )
    return (
        replace(
            problem,
            lots=_lots(live, made),
            machines=machines,
            workshops=workshops,
            now_s=live.now_s,
            reasons=(*problem.reasons, _CANT),
        ),
        left,
    )


def _after(plan: Plan, first: int) -> Plan:
    entry = plan.entry_first[first]
    return Plan(
        machine=plan.machine[first:],
        begin_s=plan.begin_s[first:],
        start_s=plan.start_s[first:],
        end_s=plan.end_s[first:],
        entry_first=plan.entry_first[first:] - entry,
        entry_lot=plan.entry_lot[entry:],
        entry_pieces=plan.entry_pieces[entry:],
    )


def _ready(live: LivePlan, plan: Plan) -> tuple[Floats, Ints]:
    """Of runs that have begun, each machine's last says when it is free, and with what loaded."""
    machines = live.world.machines
    ready, family = machines["ready"].copy(), machines["family"].copy()
    begun = plan.begin_s < live.now_s
    lots = live.world.lots["family"][plan.entry_lot[plan.entry_first[:-1]]]
    for machine, end, loaded in zip(plan.machine[begun], plan.end_s[begun], lots[begun], strict=True):
        if end > ready[machine]:
            ready[machine], family[machine] = end, loaded
    return ready, family


def _stock_left(live: LivePlan, plan: Plan, first: int) -> Floats:
    stock = live.problem.workshops.stock.copy()
    rows: Records = live.world.lots
    done = int(plan.entry_first[first])
    run = np.repeat(np.arange(len(plan.machine)), np.diff(plan.entry_first))[:done]
    lot = plan.entry_lot[:done]
    material = rows["material"][lot]
    some = np.flatnonzero(material >= 0)
    shop = live.world.machines["shop"][plan.machine[run[some]]]
    np.subtract.at(stock, (shop, material[some]), plan.entry_pieces[:done][some] * rows["use"][lot[some]])
    return np.maximum(stock, 0.0)


def _blocks(live: LivePlan) -> tuple[Ints, Floats]:
    """Merged where they overlap."""
    machine: list[int] = []
    rows: list[list[float]] = []
    for number, facts in enumerate(live.world.machines):
        for begin, end in live.world.block_s[facts["block_first"] : facts["block_last"]].tolist():
            if machine and machine[-1] == number and begin <= rows[-1][1]:
                rows[-1][1] = max(rows[-1][1], min(end, _FOR_GOOD_S))
            else:
                machine.append(number)
                rows.append([begin, min(end, _FOR_GOOD_S)])
    return np.array(machine, dtype=np.int64), np.array(rows, dtype=np.float64).reshape(-1, 2)


def _lots(live: LivePlan, made: Ints) -> Lots:
    rows, size, old = live.world.lots[: live.lots], live.lots, live.problem.lots
    per_plate = live.world.per_plate[:size].copy()
    fresh = size - len(old.quantity)
    reason = np.concatenate([old.reason, np.zeros((fresh, per_plate.shape[1]), dtype=np.int64)])
    reason[len(old.quantity) :][per_plate[len(old.quantity) :] == 0] = len(live.problem.reasons)
    order = rows["order"].copy()
    order[order < 0] = order.max(initial=-1) + np.arange(1, np.count_nonzero(order < 0) + 1)
    return Lots(
        quantity=rows["quantity"] - made,
        family=rows["family"].copy(),
        release_s=rows["release"].copy(),
        due_s=rows["due"].copy(),
        deadline_s=rows["deadline"].copy(),
        weight=rows["weight"].copy(),
        rejection=rows["rejection"].copy(),
        waiting_cost=rows["waiting"].copy(),
        order=order,
        place=rows["place"].copy(),
        share=rows["share"].copy(),
        material=rows["material"].copy(),
        use=rows["use"].copy(),
        piece_s=live.world.piece_s[:size].copy(),
        per_plate=per_plate,
        reason=reason,
    )
