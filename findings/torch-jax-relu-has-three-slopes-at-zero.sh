#!/usr/bin/env bash
# PyTorch 2.13.0 and JAX 0.10.2, the derivative at a kink
# One would guess: relu(x), maximum(x, 0) and clamp(x, min=0) are three spellings of one function, with one derivative by
#   automatic differentiation; and abs has the same one in both libraries.
# Seen at exactly 0, PyTorch: relu 0, maximum ½, clamp 1. JAX: nn.relu 0, maximum ½, clip ½. abs: 0 in PyTorch, 1 in JAX.
# Why it matters: zeros are exact after another ReLU, in padding, in one-hot and bag-of-words inputs, with zero
#   initialisation. Two implementations of one network then train differently though all their outputs are equal, and a
#   comparison of gradients on random inputs never shows it.
# What to do: spell a kink in one way in both implementations; when gradients are compared, give inputs with exact zeros.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile torch==2.13.0 numpy==2.4.6 jax==0.10.2
cd "$folder"
OMP_NUM_THREADS=1 JAX_PLATFORMS=cpu venv/bin/python - <<'PYTHON'
import jax
import jax.numpy as jnp
import torch

zero = torch.zeros(())
in_torch = {
    "relu": torch.relu,
    "maximum": lambda x: torch.maximum(x, zero),
    "clamp": lambda x: x.clamp(min=0),
    "abs": torch.abs,
}
in_jax = {
    "relu": jax.nn.relu,
    "maximum": lambda x: jnp.maximum(x, 0.0),
    "clip": lambda x: jnp.clip(x, 0.0),
    "abs": jnp.abs,
}


def slope(f):
    x = torch.zeros((), requires_grad=True)
    return torch.autograd.grad(f(x), x)[0].item()


torch_slopes = {name: slope(f) for name, f in in_torch.items()}
jax_slopes = {name: float(jax.grad(f)(0.0)) for name, f in in_jax.items()}
print("torch", torch.__version__, torch_slopes, "jax", jax.__version__, jax_slopes)
assert torch_slopes == {"relu": 0.0, "maximum": 0.5, "clamp": 1.0, "abs": 0.0}
assert jax_slopes == {"relu": 0.0, "maximum": 0.5, "clip": 0.5, "abs": 1.0}
PYTHON
