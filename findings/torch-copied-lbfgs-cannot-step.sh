#!/usr/bin/env bash
# torch 2.13.0, torch.optim.LBFGS
# One would guess: copy.deepcopy((model, optimizer)) gives a pair that goes on as the first would; with Adam and SGD it does, the copied
#   optimizer holds the copied parameters. So does pickling.
# Seen: the copied LBFGS raises AttributeError: 'LBFGS' object has no attribute '_params' at its first step: an optimizer's state for
#   copies is defaults, state and param_groups, and LBFGS keeps its list of parameters beside them.
# Why it matters: an exact twin of a run (to try a step, to measure its sharpness, to keep the best) is made this way.
# What to do: make a new LBFGS over the copied parameters and load a deep copy of the state_dict: that goes on exactly.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile torch==2.13.0 numpy==2.4.6
cd "$folder"
venv/bin/python -W ignore - <<'PYTHON'
import copy

import torch


def step(parameter, optimizer):
    def closure():
        optimizer.zero_grad()
        loss = (parameter**4).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return parameter.detach().clone()


def told(parameter, optimizer):
    try:
        return step(parameter, optimizer)
    except AttributeError as error:
        return str(error)


for kind in (torch.optim.SGD, torch.optim.Adam, torch.optim.LBFGS):
    parameter = torch.nn.Parameter(torch.tensor([1.0, 2.0]))
    optimizer = kind([parameter], lr=0.1)
    step(parameter, optimizer)
    twin = copy.deepcopy((parameter, optimizer))
    fresh = torch.nn.Parameter(parameter.detach().clone())
    anew = kind([fresh], lr=0.1)
    anew.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    here, copied = step(parameter, optimizer), told(*twin)
    print("torch", torch.__version__, kind.__name__, here, copied)
    assert torch.equal(step(fresh, anew), here)
    if kind is torch.optim.LBFGS:
        assert "'_params'" in copied
    else:
        assert torch.equal(copied, here)
PYTHON
