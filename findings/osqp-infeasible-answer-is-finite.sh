#!/usr/bin/env bash
# OSQP 1.1.3 (Python)
# One would guess: where there is no solution, x and y are NaN or infinite, so that isfinite tells.
# Seen: on an infeasible and on an unbounded problem every entry of x and y is 2143289344.0. That is the bit pattern of
#   a single-precision NaN (0x7fc00000) read as a whole number: finite, and it passes every isfinite check.
# Why it matters: a support vector machine, a projection layer or a control loop that checks isfinite goes on
#   with two thousand million.
# What to do: judge a solver's answer by its status and by the residuals of the problem, never by isfinite.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile osqp==1.1.3 scipy==1.17.1 numpy==2.4.6
cd "$folder"
OMP_NUM_THREADS=1 venv/bin/python - <<'PYTHON'
import struct

import numpy as np
import osqp
from scipy.sparse import csc_matrix


def solved(P, q, A, low, high):
    problem = osqp.OSQP()
    problem.setup(csc_matrix(P), np.array(q), csc_matrix(A), np.array(low), np.array(high), verbose=False)
    return problem.solve()


infeasible = solved([[1.0]], [0.0], [[1.0], [1.0]], [1.0, -np.inf], [np.inf, 0.0])  # x >= 1 and x <= 0
unbounded = solved([[0.0]], [-1.0], [[1.0]], [0.0], [np.inf])  # minimise -x over x >= 0
(pattern,) = struct.unpack("<I", struct.pack("<f", np.float32("nan")))
for name, result in (("infeasible", infeasible), ("unbounded", unbounded)):
    print("OSQP 1.1.3,", name + ":", result.info.status, "x", result.x, "y", result.y)
    assert name == "infeasible" and "primal" in result.info.status or "dual" in result.info.status
    assert np.isfinite(result.x).all() and np.isfinite(result.y).all()
    assert (result.x == 2143289344.0).all() and (result.y == 2143289344.0).all()
assert pattern == 2143289344
PYTHON
