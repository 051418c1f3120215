#!/usr/bin/env bash
# PyTorch 2.13.0, views taken under no_grad
# One would guess: what is computed under no_grad has requires_grad False; or, if it has True, gradients flow.
# Seen: a slice or view() of a tensor that requires gradients has requires_grad True under no_grad, too, and no grad_fn,
#   while a product under no_grad has False. Used afterwards in a loss, it makes the loss differentiable: backward()
#   runs without error, and neither the base nor the view gets a gradient.
# Why it matters: "if x.requires_grad" is the usual test for "gradients reach it". Weights split into views under
#   no_grad (a fused projection cut in three, a flat parameter buffer) are never trained, and nothing fails.
# What to do: ask the gradient itself whether it arrives, never requires_grad.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile torch==2.13.0 numpy==2.4.6
cd "$folder"
OMP_NUM_THREADS=1 venv/bin/python - <<'PYTHON'
import warnings

import torch

base = torch.ones(4, requires_grad=True)
with torch.no_grad():
    view, product = base[:2], base * 2
loss = (view * 3).sum()
(reached,) = torch.autograd.grad(loss, base, allow_unused=True, retain_graph=True)
loss.backward()
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    own = view.grad
print("torch", torch.__version__, "view: requires_grad", view.requires_grad, "grad_fn", view.grad_fn)
print("product: requires_grad", product.requires_grad)
print("loss.requires_grad", loss.requires_grad, "gradient of the base", base.grad, "of the view", own)
assert view.requires_grad and view.grad_fn is None and not product.requires_grad
assert loss.requires_grad
assert reached is None and base.grad is None, "the gradient arrives now"
PYTHON
