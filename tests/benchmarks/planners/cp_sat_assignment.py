"""CP-SAT assigns jobs to unrelated machines: run by the planning peers' Python, `times.npz` and seconds as arguments.

Writes {"makespan", "bound"} as JSON.
"""

import json
import sys

import numpy as np
from ortools.sat.python import cp_model


def main() -> None:
    times = np.load(sys.argv[1])["p"]
    jobs, machines = times.shape
    model = cp_model.CpModel()
    on = [[model.new_bool_var("") for _ in range(machines)] for _ in range(jobs)]
    longest = model.new_int_var(0, int(times.min(axis=1).sum()), "")
    for job in range(jobs):
        model.add_exactly_one(on[job])
    for machine in range(machines):
        model.add(sum(int(times[job, machine]) * on[job][machine] for job in range(jobs)) <= longest)
    model.minimize(longest)
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = float(sys.argv[2])
    solver.parameters.num_workers = 2
    status = solver.solve(model)
    found = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    print(json.dumps({"makespan": solver.objective_value if found else None, "bound": solver.best_objective_bound}))


if __name__ == "__main__":
    main()
