#!/usr/bin/env bash
# PyTorch 2.13.0, torch.func: second derivatives through torch.nn.functional.layer_norm
# One would guess: jacrev(jacrev(f)) and jacfwd(jacrev(f)), the composition that torch.func.hessian is documented as, give the Hessian of
#   any smooth function, symmetric, as torch.autograd.functional.hessian does.
# Seen: the block of the gain and of a weight before the normalisation is wrong by 1.5 in float64, without a warning, and differs from the
#   transpose of its mirror block. jacrev(grad(f)) and torch.autograd.functional.hessian agree with central differences of the gradient.
# Why it matters: curvature, K-FAC references, influence functions and Laplace approximations of transformers are computed so.
# What to do: jacrev of grad, or products by two backward passes; compare a block with its mirror.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile torch==2.13.0 numpy==2.4.6
cd "$folder"
OMP_NUM_THREADS=1 venv/bin/python - <<'PYTHON'
import warnings

import torch
from torch.func import grad, jacfwd, jacrev

warnings.simplefilter("ignore")
torch.manual_seed(0)
x, w, gain = torch.randn(6, 4).double(), torch.randn(4, 4).double(), torch.randn(4).double()


def f(w, gain):
    return torch.nn.functional.layer_norm(x @ w, (4,), gain).tanh().sum()


def mixed_by_differences(h=1e-5):
    columns = []
    for i in range(w.numel()):
        step = torch.zeros_like(w).view(-1)
        step[i] = h
        step = step.view_as(w)
        columns.append((grad(f, 1)(w + step, gain) - grad(f, 1)(w - step, gain)) / (2 * h))
    return torch.stack(columns, -1).view(4, 4, 4)


true = mixed_by_differences()
print("torch", torch.__version__)
ways = {
    "torch.autograd.functional.hessian": torch.autograd.functional.hessian(f, (w, gain)),
    "jacrev(grad)": jacrev(grad(f, (0, 1)), (0, 1))(w, gain),
    "jacrev(jacrev)": jacrev(jacrev(f, (0, 1)), (0, 1))(w, gain),
    "jacfwd(jacrev)": jacfwd(jacrev(f, (0, 1)), (0, 1))(w, gain),
}
errors = {name: float((H[1][0] - true).abs().max()) for name, H in ways.items()}
unequal = {name: float((H[1][0] - H[0][1].permute(2, 0, 1)).abs().max()) for name, H in ways.items()}
for name in ways:
    print(f"{name}: off by {errors[name]:.2g}, blocks differ by {unequal[name]:.2g}")
assert errors["torch.autograd.functional.hessian"] < 1e-6 and errors["jacrev(grad)"] < 1e-6
assert errors["jacrev(jacrev)"] > 0.1 and errors["jacfwd(jacrev)"] > 0.1, "it is right now"
assert unequal["jacrev(jacrev)"] > 0.1 or unequal["jacfwd(jacrev)"] > 0.1, "symmetric now"
PYTHON
