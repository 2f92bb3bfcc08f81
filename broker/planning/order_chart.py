"""The machines that make an order, as a chart: its own runs by part, and when they are at something else."""

from dataclasses import replace

import numpy as np

from broker.drawing.bars import Runs
from broker.drawing.network import Chart
from broker.planning.charts import chart
from broker.planning.standing import Standing

_OTHERS = "other work"


def order_chart(stands: Standing) -> Chart | None:
    """None where no machine makes anything of it. Seconds count from the moment that it was looked at."""
    plan, stations = stands.plan, stands.posed.stations
    lots = np.minimum(plan.entry_lot, stands.own)
    part = np.minimum.reduceat(lots, plan.entry_first[:-1]) if len(lots) else lots
    machines = np.unique(plan.machine[part < stands.own])
    if not len(machines):
        return None
    shops = {int(stands.posed.problem.machines.workshop[machine]): machine for machine in range(len(stations))}
    whole = chart(stands.posed.problem, plan)
    here = np.isin(plan.machine, machines)
    shifts = np.isin(whole.shift_workshop, whole.machine_workshop[machines])
    return replace(
        whole,
        machine_workshop=whole.machine_workshop[machines],
        runs=Runs(
            machine=np.searchsorted(machines, plan.machine[here]),
            begin_s=plan.begin_s[here],
            start_s=plan.start_s[here],
            end_s=plan.end_s[here],
            family=part[here],
            late=whole.runs.late[here],
        ),
        shift_workshop=whole.shift_workshop[shifts],
        shift_s=whole.shift_s[shifts],
        machine_names=tuple(stations[machine].spec.name for machine in machines.tolist()),
        workshop_names=tuple(stations[shops[shop]].workshop for shop in range(len(shops))),
        family_names=(*(line.name for line in stands.posed.lines[: stands.own]), _OTHERS),
        now_s=0.0,
    )
