#!/usr/bin/env bash
# quantecon 0.11.4, markov.DiscreteDP.solve(method="policy_iteration")
# One would guess: policy iteration ends after finitely many steps, here one or two.
# Seen: it stops only when two whole policies are equal. Where two actions have the same value but for the last bit of
#   their transition rows, it flips between them until max_iter (250) and returns without a word; the value is
#   right to 1e-14 all along. About one in twenty of such six-state models does so.
# Why it matters: symmetric models (grids, inventories, queues) have tied actions; counts of iterations and times
#   then measure rounding.
# What to do: keep the old action on ties, or stop by the value; time such solvers on models without ties.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile quantecon==0.11.4 numpy==2.4.6
cd "$folder"
OMP_NUM_THREADS=1 venv/bin/python - <<'PYTHON'
import warnings

import numpy as np
from quantecon.markov import DiscreteDP

warnings.simplefilter("error")
counts, errors = [], []
for seed in range(60):
    rng = np.random.default_rng(seed)
    rows, reward = rng.dirichlet(np.ones(6), 6), rng.random(6)
    transitions = np.stack([rows, rows * 3 / 3], axis=1)  # two actions, the same but for rounding
    model = DiscreteDP(np.stack([reward, reward], axis=1), transitions, 0.95)
    result = model.solve(method="policy_iteration")
    counts.append(result.num_iter)
    errors.append(abs(result.v - np.linalg.solve(np.eye(6) - 0.95 * rows, reward)).max())
print("quantecon 0.11.4: iterations", sorted(counts), "largest error of the value", max(errors))
assert sorted(counts)[len(counts) // 2] <= 2
assert 1 <= counts.count(250) < 30, "policy iteration no longer cycles on ties"
assert max(errors) < 1e-12
PYTHON
