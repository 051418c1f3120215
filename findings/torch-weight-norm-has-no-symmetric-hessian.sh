#!/usr/bin/env bash
# PyTorch 2.13.0, CPU: second derivatives through weight normalisation (torch.nn.utils.parametrizations.weight_norm, torch._weight_norm)
# One would guess: w = g v/‖v‖ is smooth, so its Hessian is symmetric and agrees with differences of the gradient, which is right.
# Seen: torch.autograd.gradgradcheck fails and the Hessian of a weight-normalised layer is not symmetric (by 1.4 of 6.9 in the layer below, in float64), without a
#   warning. The norm that the forward pass saved counts as a constant in the second backward pass. Written out, v * (g / v.norm()), it is right.
# Why it matters: sharpness, Hessian-vector products, gradient penalties, influence functions and meta-learning of networks with weight
#   normalisation (WaveNet, HiFi-GAN, TCN) are wrong in silence.
# What to do: write the normalisation out where second derivatives are taken; compare Hv·w with Hw·v.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile torch==2.13.0 numpy==2.4.6
cd "$folder"
OMP_NUM_THREADS=1 venv/bin/python - <<'PYTHON'
import torch
from torch.autograd import grad, gradcheck, gradgradcheck
from torch.autograd.functional import hessian

torch.manual_seed(0)
print("torch", torch.__version__)
v, g = (torch.randn(3, 4).double().requires_grad_(), torch.randn(3, 1).double().requires_grad_())
x = torch.randn(4).double()


def fused(v, g):
    return torch._weight_norm(v, g, 0)


def written(v, g):
    return v * (g / v.norm(dim=1, keepdim=True))


assert torch.allclose(fused(v, g), written(v, g))
for name, way in (("fused", fused), ("written out", written)):
    first = gradcheck(way, (v, g), raise_exception=False)
    second = gradgradcheck(way, (v, g), raise_exception=False)
    H = hessian(lambda flat: (way(flat[:12].view(3, 4), flat[12:].view(3, 1)) @ x).tanh().sum(), torch.cat([v.detach().view(-1), g.detach().view(-1)]))
    skew = float((H - H.mT).abs().max())
    print(f"{name}: first derivative right {first}, second {second}, |H − Hᵀ| = {skew:.2g}")
    assert first and second == (name == "written out") and (skew < 1e-12) == (name == "written out"), "it is right now"

layer = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(4, 3)).double()
parameters = list(layer.parameters())
loss = layer(torch.randn(5, 4).double()).tanh().square().sum()
gradients = torch.cat([d.view(-1) for d in grad(loss, parameters, create_graph=True)])
rows = [torch.cat([h.reshape(-1) for h in grad(e, parameters, retain_graph=True, materialize_grads=True)]) for e in gradients]
H = torch.stack(rows)
print(f"a layer with the parametrization: |H − Hᵀ| = {float((H - H.mT).abs().max()):.2g} of {float(H.abs().max()):.2g}")
assert (H - H.mT).abs().max() > 1e-3, "symmetric now"
PYTHON
