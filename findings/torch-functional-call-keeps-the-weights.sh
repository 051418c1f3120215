#!/usr/bin/env bash
# PyTorch 2.13.0, torch.func.functional_call on a module that holds one layer under two names (pytorch/pytorch, issue 164759)
# One would guess: a functional call leaves the module as it was; "a functional call on the module by replacing the module parameters
#   and buffers with the provided ones" is over when it returns. A weight (not a layer) under two names is put back, too.
# Seen: with self.a = layer; self.b = layer the given tensors stay in the module. It has no nn.Parameter any more, what an
#   optimizer holds is no longer in it, and state_dict() has the given values, without a warning. If only buffers are given,
#   the copies stay: batch normalisation goes on with them.
#   With tie_weights=True every name is swapped, the same place twice: the second time "the original" is what was given first.
# Why it matters: shared blocks (ALBERT, universal transformers, siamese towers) under two names are trained no further after one Jacobian,
#   Hessian, ensemble or meta-learning step. Inside vmap what stays is a wrapper that is dead afterwards: the module cannot be called again.
# What to do: name every place once and call with tie_weights=False.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile torch==2.13.0 numpy==2.4.6
cd "$folder"
OMP_NUM_THREADS=1 venv/bin/python - <<'PYTHON'
import torch
from torch import nn
from torch.func import functional_call, vmap


class TwoNames(nn.Module):
    def __init__(self, layer, other=None):
        super().__init__()
        self.a = layer
        self.b = layer if other is None else other

    def forward(self, x):
        return self.b(self.a(x))


def left(model):
    return sum(isinstance(p, nn.Parameter) for p in model.parameters())


print("torch", torch.__version__)
x = torch.ones(3, 2)

model = TwoNames(nn.Linear(2, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
own = model.a.weight
given = {name: torch.zeros_like(p) for name, p in model.named_parameters()}
functional_call(model, given, (x,))
print("one layer under two names: parameters left", left(model), "; the weight is that given:", model.a.weight is given["a.weight"])
assert not left(model) and model.a.weight is given["a.weight"], "it is put back now"
with torch.no_grad():
    own.fill_(7.0)  # what an optimizer would do
assert not model(x).any() and optimizer.param_groups[0]["params"][0] is own, "the module follows its optimizer now"

norm = nn.BatchNorm1d(2)
model = TwoNames(norm)
functional_call(model, {name: b.clone() for name, b in model.named_buffers()}, (x,))
held = model.a.running_mean.clone()
functional_call(model, {"a.running_mean": torch.full((2,), 5.0)}, (x,))
print("buffers:", held.tolist(), "became", model.a.running_mean.tolist())
assert float(model.a.running_mean[0]) > 1, "buffers are put back now"

model = TwoNames(nn.Linear(2, 2))
vmap(lambda w: functional_call(model, w, (x,)))({name: torch.stack([p.detach()] * 2) for name, p in model.named_parameters()})
try:
    model(x)
except RuntimeError as error:
    print("after torch.func.vmap the module itself raises:", str(error)[:80])
else:
    raise SystemExit("the module can be called after vmap now")

first, second = nn.Linear(2, 2), nn.Linear(2, 2)
second.weight, second.bias = first.weight, first.bias
model = TwoNames(first, second)
functional_call(model, given, (x,))
print("two layers that share their weights: parameters left", left(model))
assert left(model) == 2

model = TwoNames(nn.Linear(2, 2))
functional_call(model, {"a.weight": given["a.weight"], "a.bias": given["a.bias"]}, (x,), tie_weights=False)
print("each place named once: parameters left", left(model))
assert left(model) == 2
PYTHON
