#!/usr/bin/env bash
# SciPy 1.17.1, scipy.optimize.minimize(method="L-BFGS-B") on problem 6 of Moré, Garbow and Hillstrom 1981 (Jennrich, Sampson),
#   from its standard start (0.3, 0.4) with its exact gradient; the minimum is 124.362...
# One would guess: a trial step at which the function overflows is shortened, as by BFGS and CG; if that fails, success is False.
# Seen: success True, "CONVERGENCE: RELATIVE REDUCTION OF F <= FACTR*EPSMCH", at 214.34 with a gradient of 3715, and the same
#   for any ftol, 0 among them. A trial had the value and the gradient inf; the search returned to where it began, and that
#   counted as an iteration which lowered f by 0, no more than ftol allows.
# Why it matters: exponentials, likelihoods and penalties overflow in long steps; the flag and the message say that all is well.
# What to do: look at the gradient of what comes back, and begin anew from there, which forgets the step: it then reaches 124.362.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile scipy==1.17.1 numpy==2.4.6
cd "$folder"
OMP_NUM_THREADS=1 venv/bin/python - <<'PYTHON'
import warnings

import numpy as np
from scipy.optimize import minimize

warnings.simplefilter("ignore", RuntimeWarning)  # of exp, which overflows in one trial
i, values = np.arange(1, 11), []


def f(x):
    first, second = np.exp(i * x[0]), np.exp(i * x[1])
    r = 2 + 2 * i - (first + second)
    values.append((r**2).sum())
    return values[-1], np.array([-2 * (r * i * first).sum(), -2 * (r * i * second).sum()])


for method in ("BFGS", "CG"):
    result = minimize(f, [0.3, 0.4], jac=True, method=method)
    assert result.success and abs(result.fun - 124.362) < 1e-3
for options in ({}, {"ftol": 0}, {"ftol": 0, "gtol": 1e-10, "maxls": 100}):
    values.clear()
    result = minimize(f, [0.3, 0.4], jac=True, method="L-BFGS-B", options=options)
    print("SciPy 1.17.1", options, "success", result.success, "f", result.fun, "gradient", abs(result.jac).max(), result.message)
    assert result.success and "CONVERGENCE" in result.message
    assert result.fun > 214 and abs(result.jac).max() > 1000
    assert np.isinf(values).sum() == 1 and np.isinf(values[-2])  # the last trial but one, then the start of that search again
again = minimize(f, result.x, jac=True, method="L-BFGS-B")
print("begun anew from there:", again.fun)
assert abs(again.fun - 124.362) < 1e-3
PYTHON
