"""Unrelated machines with setups by CP-SAT: `cp_sat_setups.py FILE.npz SECONDS WORKERS`, run in the peer's environment.

One circuit a machine, with a loop at each job that is made elsewhere; a machine's end is the sum of its arcs.
Prints JSON: makespan (null: no plan found), bound, wall_s, cpu_s.
"""

import json
import sys
import time

import numpy as np
from ortools.sat.python import cp_model


def main() -> None:
    file, seconds, workers = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
    with np.load(file) as arrays:
        times, setups = arrays["p"].astype(int).tolist(), arrays["s"].astype(int).tolist()
    jobs, machines = len(times), len(times[0])
    model = cp_model.CpModel()
    makespan = model.new_int_var(0, sum(max(row) for row in times) + jobs * np.max(setups), "makespan")
    made = [[model.new_bool_var("") for _ in range(machines)] for _ in range(jobs)]
    for machine in range(machines):
        empty = model.new_bool_var("")
        arcs, terms = [(0, 0, empty)], []
        for job in range(jobs):
            arcs.append((job + 1, job + 1, ~made[job][machine]))
            model.add_implication(empty, ~made[job][machine])
            first, last = model.new_bool_var(""), model.new_bool_var("")
            arcs += [(0, job + 1, first), (job + 1, 0, last)]
            terms.append(times[job][machine] * made[job][machine])
            for after in range(jobs):
                if after != job:
                    follows = model.new_bool_var("")
                    arcs.append((job + 1, after + 1, follows))
                    terms.append(setups[machine][job][after] * follows)
        model.add_circuit(arcs)
        model.add(sum(terms) <= makespan)
    for job in range(jobs):
        model.add_exactly_one(made[job])
    model.minimize(makespan)
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = workers
    began, used = time.perf_counter(), time.process_time()
    status = solver.solve(model)
    found = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    answer = {
        "makespan": solver.objective_value if found else None,
        "bound": solver.best_objective_bound,
        "wall_s": time.perf_counter() - began,
        "cpu_s": time.process_time() - used,
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
