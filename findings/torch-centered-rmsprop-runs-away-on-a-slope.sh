#!/usr/bin/env bash
# PyTorch 2.13.0, torch.optim.RMSprop(centered=True) under a gradient that stays the same
# One would guess: centering divides by the deviation of the gradient instead of its size; on a straight slope the steps get longer
#   and ε bounds them, lr · g / ε at most (with the defaults 1e5 for g = 0.1), or the variance cannot be negative.
# Seen: E[g²] − E[g]² of two running averages is 0 only in exact arithmetic. It rounds to ± 1e-18; the root plus ε = 1e-8 is then the
#   divisor: steps grow without any sign from 0.01 to millions of times that, and where the difference rounds below 0 the root is NaN.
#   In float64 with gradient 0.1 and lr 0.01 the parameter is NaN within 8,000 steps; with gradient 1.0 it is farther away than 1e6 where
#   centered=False has moved by 80. No warning; the next step of a NaN parameter stays NaN.
# Why it matters: constant gradients are common, of a hinge, of an absolute error, of a clipped loss, of a bias far from its target.
# What to do: no centered=True without an ε as large as the gradient's rounding allows (eps=1e-3 holds the steps below lr · g / 1e-3).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile torch==2.13.0 numpy==2.4.6
cd "$folder"
OMP_NUM_THREADS=1 venv/bin/python - <<'PYTHON'
import math

import torch


def after(steps, slope, **settings):
    p = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.RMSprop([p], lr=0.01, **settings)
    for step in range(steps):
        p.grad = torch.full_like(p, slope)
        optimizer.step()
        if math.isnan(p.item()):
            return step + 1, p.item()
    return steps, p.item()


print("torch", torch.__version__)
rows = {slope: after(8000, slope, centered=True) for slope in (0.1, 0.3, 1.0, 3.0)}
for slope, (steps, end) in rows.items():
    print(f"centered, slope {slope}: {end:.3g} after {steps} steps")
plain = after(8000, 0.1)[1]
print(f"not centered, slope 0.1: {plain:.3g}; centered with eps=1e-3: {after(8000, 0.1, centered=True, eps=1e-3)[1]:.3g}")
assert any(math.isnan(end) for _, end in rows.values()), "no slope ends in NaN now"
assert all(math.isnan(end) or abs(end) > 1e4 for _, end in rows.values()), "it stays near now"
assert abs(plain + 80) < 1
PYTHON
