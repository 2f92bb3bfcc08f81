"""CP-SAT plans small networks: `python cp_sat_network.py FOLDER SECONDS WORKERS`, one line of JSON for each .npz in it.

Times are whole minutes. A node is one possible run of a lot on a machine; each machine's nodes lie on a circuit whose
arcs are the setups; whoever sets machines up is a cumulative resource. As many runs of a lot on a machine are offered
as its plates need, and `EXTRA` more. Nights must be longer than whatever has to lie within one shift: what begins in a
shift and ends in one then lies within one.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from ortools.sat.python import cp_model

EXTRA = 1
Arrays = dict[str, Any]


class Network:
    """The model of one instance."""

    def __init__(self, arrays: Arrays) -> None:
        self.a = arrays
        self.model = cp_model.CpModel()
        self.end = int(arrays["horizon"]) * 2
        self.runs: dict[int, list[tuple[int, Any, Any, Any]]] = {}
        self.people: dict[int, list[tuple[Any, int]]] = {}
        for machine in range(len(arrays["machine_workshop"])):
            self.machine(machine)
        for workshop, intervals in self.people.items():
            if intervals:
                one = [1] * len(intervals)
                crew = int(arrays["operators"][workshop])
                self.model.add_cumulative([interval for interval, _ in intervals], one, crew)
        self.model.minimize(sum(self.lot(lot) for lot in range(len(arrays["quantity"]))))

    def machine(self, machine: int) -> None:
        a, model = self.a, self.model
        kind, ready = int(a["machine_kind"][machine]), int(a["machine_ready"][machine])
        nodes = []
        for lot in np.flatnonzero(a["per_plate"][:, kind] > 0).tolist():
            plates = -(-int(a["quantity"][lot]) // int(a["per_plate"][lot, kind]))
            before = None
            for _ in range(min(int(a["quantity"][lot]), plates + EXTRA)):
                node = self.node(machine, kind, lot)
                if before is not None:
                    model.add_implication(node["there"], before["there"])
                    model.add(before["begin"] <= node["begin"]).only_enforce_if(node["there"])
                before = node
                nodes.append(node)
        idle = model.new_bool_var("")
        arcs = [(0, 0, idle)]
        for i, node in enumerate(nodes, 1):
            arcs.append((i, i, node["there"].Not()))
            model.add_implication(idle, node["there"].Not())
            first, last = model.new_bool_var(""), model.new_bool_var("")
            arcs += [(0, i, first), (i, 0, last)]
            self.setup(first, int(a["machine_family"][machine]), node, kind)
            model.add(node["begin"] >= ready).only_enforce_if(first)
            for j, other in enumerate(nodes, 1):
                if i != j:
                    arc = model.new_bool_var("")
                    arcs.append((i, j, arc))
                    self.setup(arc, int(a["family"][node["lot"]]), other, kind)
                    model.add(other["begin"] >= node["end"]).only_enforce_if(arc)
        model.add_circuit(arcs)

    def setup(self, arc: Any, loaded: int, node: dict[str, Any], kind: int) -> None:
        change = int(self.a["clear"][kind]) + int(self.a["setup"][loaded, int(self.a["family"][node["lot"]])])
        self.model.add(node["change"] == change).only_enforce_if(arc)

    def node(self, machine: int, kind: int, lot: int) -> dict[str, Any]:
        a, model = self.a, self.model
        there = model.new_bool_var("")
        pieces = model.new_int_var(0, int(a["per_plate"][lot, kind]), "")
        model.add(pieces >= 1).only_enforce_if(there)
        model.add(pieces == 0).only_enforce_if(there.Not())
        workshop, watch = int(a["machine_workshop"][machine]), int(a["watch"][kind])
        shifts = a["shifts"][a["shift_workshop"] == workshop].tolist()
        present = cp_model.Domain.from_intervals(shifts)
        begin = model.new_int_var_from_domain(present, "")
        start = model.new_int_var_from_domain(cp_model.Domain.from_intervals([[x, y - watch] for x, y in shifts]), "")
        whenever = cp_model.Domain(0, self.end)
        end = model.new_int_var_from_domain(whenever if a["unattended"][kind] else present, "")
        change = model.new_int_var(0, int(a["clear"].max() + a["setup"].max()), "")
        model.add(start == begin + change)
        model.add(end == start + int(a["overhead"][kind]) + pieces * int(a["piece"][lot, kind])).only_enforce_if(there)
        model.add(start >= int(a["release"][lot])).only_enforce_if(there)
        model.add(start <= int(a["horizon"]) - 1).only_enforce_if(there)
        leave = model.new_int_var(0, self.end, "")
        busy = model.new_optional_interval_var(begin, change + watch, leave, there, "")
        self.people.setdefault(workshop, []).append((busy, machine))
        self.runs.setdefault(lot, []).append((workshop, there, pieces, end))
        return {"there": there, "lot": lot, "begin": begin, "end": end, "change": change}

    def lot(self, lot: int) -> Any:
        a, model = self.a, self.model
        done, late = model.new_bool_var(""), model.new_int_var(0, self.end, "")
        model.add(sum(pieces for _, _, pieces, _ in self.runs.get(lot, [])) == int(a["quantity"][lot]) * done)
        for workshop, there, _, end in self.runs.get(lot, []):
            ship = int(a["ship"][lot, workshop])
            model.add(late >= end + ship - int(a["due"][lot])).only_enforce_if(there)
        return int(a["weight"][lot]) * late + int(a["rejection"][lot]) * (1 - done)


def main(folder: Path, seconds: float, workers: int) -> None:
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as data:
            network = Network(dict(data))
        solver = cp_model.CpSolver()
        solver.parameters.max_time_in_seconds = seconds
        solver.parameters.num_workers = workers
        status = solver.solve(network.model)
        found = status in {cp_model.OPTIMAL, cp_model.FEASIBLE}
        answer = {
            "case": path.stem,
            "proven": status == cp_model.OPTIMAL,
            "value": solver.objective_value if found else None,
            "bound": solver.best_objective_bound,
            "wall_s": solver.wall_time,
        }
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
