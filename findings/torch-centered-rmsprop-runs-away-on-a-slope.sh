#!/usr/bin/env bash
# PyTorch 2.13.0, torch.optim.RMSprop(centered=True) under a gradient that stays the same
# One would guess: centering divides by the deviation of the gradient instead of its size; on a straight slope steps get longer and
#   ε bounds them, since a variance is never negative.
# Seen: E[g²] − E[g]² of two running averages is 0 only in exact arithmetic. Where it rounds below 0 its root is NaN, whatever ε is; where
#   it rounds to 0 or 1e-18 the divisor is ε: steps of 0.01 become steps of 1e5. In float64 with lr 0.01 the parameter is NaN at step
#   3,226 for the gradient 0.1 (eps=1e-3 and foreach=False too), and for 0.3, 1 and 3 farther away than 1e8 after 8,000 steps, where
#   centered=False has moved by 81. No warning.
# Why it matters: gradients that stay the same are common: of a hinge, of an absolute error, of a bias far from its target.
# What to do: no centered=True on such losses; a larger ε delays it and does not cure it.
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
wide = after(8000, 0.1, centered=True, eps=1e-3)
print(f"not centered, slope 0.1: {plain:.3g}; centered with eps=1e-3: {wide[1]:.3g} after {wide[0]} steps")
assert any(math.isnan(end) for _, end in rows.values()), "no slope ends in NaN now"
assert all(math.isnan(end) or abs(end) > 1e4 for _, end in rows.values()), "it stays near now"
assert abs(plain + 81) < 1
PYTHON
