"""CP-SAT plans small networks: `python cp_sat_network.py FOLDER SECONDS WORKERS`, one line of JSON for each .npz in it.

Times are whole minutes. A node is one possible run of a lot on a machine; each machine's nodes lie on a circuit whose
arcs are the setups, and don't overlap; whoever sets machines up is a cumulative resource. As many runs of a lot on a
machine are offered as its plates need, and `EXTRA` more. Nights must be longer than whatever has to lie within one
shift: what begins in a shift and ends in one then lies within one.
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
        self.runs: dict[int, list[dict[str, Any]]] = {lot: [] for lot in range(len(arrays["quantity"]))}
        self.people: dict[int, list[Any]] = {}
        self.done = [self.model.new_bool_var("") for _ in self.runs]
        for machine in range(len(arrays["machine_workshop"])):
            self.machine(machine)
        for workshop, intervals in self.people.items():
            self.model.add_cumulative(intervals, [1] * len(intervals), int(arrays["operators"][workshop]))
        self.model.minimize(sum(self.lot(lot) for lot in self.runs))

    def latest(self, lot: int, workshop: int) -> int:
        """End after which it is no worse to reject the lot."""
        a = self.a
        return int(a["due"][lot] + a["rejection"][lot] // a["weight"][lot] - a["ship"][lot, workshop])

    def machine(self, machine: int) -> None:
        a, model = self.a, self.model
        kind, ready = int(a["machine_kind"][machine]), int(a["machine_ready"][machine])
        nodes: list[dict[str, Any]] = []
        for lot in np.flatnonzero(a["per_plate"][:, kind] > 0).tolist():
            plates = -(-int(a["quantity"][lot]) // int(a["per_plate"][lot, kind]))
            for copy in range(min(int(a["quantity"][lot]), plates + EXTRA)):
                node = self.node(machine, kind, lot, copy)
                if copy:
                    model.add_implication(node["there"], nodes[-1]["there"])
                    model.add(nodes[-1]["end"] <= node["begin"]).only_enforce_if(node["there"])
                nodes.append(node)
        if not nodes:
            return
        model.add_no_overlap([node["taken"] for node in nodes])
        idle = model.new_bool_var("")
        arcs = [(0, 0, idle)]
        for i, node in enumerate(nodes, 1):
            model.add_implication(idle, ~node["there"])
            arcs += [(i, i, ~node["there"]), (i, 0, model.new_bool_var(""))]
            model.add(node["begin"] >= ready).only_enforce_if(node["there"])
            if node["copy"] == 0:
                arcs.append((0, i, self.arc(int(a["machine_family"][machine]), node, kind)))
            for j, other in enumerate(nodes, 1):
                if node["lot"] != other["lot"] or other["copy"] == node["copy"] + 1:
                    arc = self.arc(int(a["family"][node["lot"]]), other, kind)
                    model.add(other["begin"] >= node["end"]).only_enforce_if(arc)
                    arcs.append((i, j, arc))
        model.add_circuit(arcs)

    def arc(self, loaded: int, node: dict[str, Any], kind: int) -> Any:
        arc = self.model.new_bool_var("")
        change = int(self.a["clear"][kind]) + int(self.a["setup"][loaded, int(self.a["family"][node["lot"]])])
        self.model.add(node["change"] == change).only_enforce_if(arc)
        return arc

    def node(self, machine: int, kind: int, lot: int, copy: int) -> dict[str, Any]:
        a, model = self.a, self.model
        there, workshop = model.new_bool_var(""), int(a["machine_workshop"][machine])
        model.add_implication(there, self.done[lot])
        most = int(a["per_plate"][lot, kind])
        pieces, held = model.new_int_var(1, most, ""), model.new_int_var(0, most, "")
        model.add(held == pieces).only_enforce_if(there)
        model.add(held == 0).only_enforce_if(~there)
        begin, start, end = self.times(workshop, kind, self.latest(lot, workshop))
        changes = a["clear"][kind] + a["setup"][:, a["family"][lot]]
        change = model.new_int_var_from_domain(cp_model.Domain.from_values(changes.tolist()), "")
        overhead, watch = int(a["overhead"][kind]), int(a["watch"][kind])
        running = overhead + int(a["piece"][lot, kind]) * pieces
        model.add(start == begin + change).only_enforce_if(there)
        model.add(start >= int(a["release"][lot])).only_enforce_if(there)
        node = {"there": there, "lot": lot, "copy": copy, "machine": machine, "pieces": held}
        node |= {"begin": begin, "start": start, "end": end, "change": change}
        lasts = model.new_int_var(0, int(changes.max()) + overhead + int(a["piece"][lot, kind]) * most, "")
        model.add(lasts == change + running)
        node["taken"] = model.new_optional_interval_var(begin, lasts, end, there, "")
        self.people.setdefault(workshop, []).append(
            model.new_optional_interval_var(begin, change + watch, start + watch, there, "")
        )
        self.runs[lot].append(node)
        return node

    def times(self, workshop: int, kind: int, latest: int) -> tuple[Any, Any, Any]:
        """Begin, start and end of a run: somebody is there for as long as it needs them."""
        a, model = self.a, self.model
        shifts = a["shifts"][a["shift_workshop"] == workshop].tolist()
        watched = cp_model.Domain.from_intervals([[x, y - int(a["watch"][kind])] for x, y in shifts])
        starts = watched.intersection_with(cp_model.Domain(0, int(a["horizon"]) - 1))
        present, whenever = cp_model.Domain.from_intervals(shifts), cp_model.Domain(0, latest)
        ends = whenever if a["unattended"][kind] else present.intersection_with(whenever)
        begin, start = (model.new_int_var_from_domain(domain, "") for domain in (present, starts))
        return begin, start, model.new_int_var_from_domain(ends, "")

    def lot(self, lot: int) -> Any:
        """What it costs."""
        a, model = self.a, self.model
        done, weight = self.done[lot], int(a["weight"][lot])
        late = model.new_int_var(0, int(a["rejection"][lot]) // weight, "")
        model.add(sum(node["pieces"] for node in self.runs[lot]) == int(a["quantity"][lot]) * done)
        for node in self.runs[lot]:
            ship = int(a["ship"][lot, int(a["machine_workshop"][node["machine"]])])
            model.add(late >= node["end"] + ship - int(a["due"][lot])).only_enforce_if(node["there"])
        return weight * late + int(a["rejection"][lot]) * (1 - done)

    def planned(self, solver: Any) -> list[list[int]]:
        """Machine, lot, pieces, begin, start and end of each run."""
        nodes = [node for runs in self.runs.values() for node in runs if solver.value(node["there"])]
        names = ("pieces", "begin", "start", "end")
        return [[node["machine"], node["lot"], *(solver.value(node[name]) for name in names)] for node in nodes]


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
            "runs": network.planned(solver) if found else [],
        }
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
