#!/usr/bin/env bash
# torch 2.13.0, Optimizer.load_state_dict
# One would guess: loading copies, as a module's load_state_dict does; two optimisers are two afterwards.
# Seen: the tensors of the state are taken as they are where dtype and device agree: after twin.load_state_dict(first.state_dict())
#   both update the same moments and the same count in place. Ten steps of the first move the twin's count from 1 to 11 (Adam) and
#   its momentum (SGD). A module's parameters are copied; through a file or a deep copy all is well.
# Why it matters: branching a run, averaging several, or keeping "the best so far" in memory corrupts both without a word.
# What to do: load copy.deepcopy(first.state_dict()).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile torch==2.13.0 numpy==2.4.6
cd "$folder"
venv/bin/python -W ignore - <<'PYTHON'
import copy

import torch


def pair(kind, **settings):
    parameter = torch.nn.Parameter(torch.ones(2))
    return parameter, kind([parameter], lr=0.1, **settings)


def step(parameter, optimizer):
    optimizer.zero_grad()
    (parameter**2).sum().backward()
    optimizer.step()


for kind, settings, name in (
    (torch.optim.Adam, {}, "exp_avg"),
    (torch.optim.SGD, {"momentum": 0.9}, "momentum_buffer"),
):
    first = pair(kind, **settings)
    step(*first)
    shared, own = pair(kind, **settings), pair(kind, **settings)
    shared[1].load_state_dict(first[1].state_dict())
    own[1].load_state_dict(copy.deepcopy(first[1].state_dict()))
    before = own[1].state[own[0]][name].clone()
    for _ in range(10):
        step(*first)
    print("torch", torch.__version__, kind.__name__, before, shared[1].state[shared[0]])
    assert torch.equal(own[1].state[own[0]][name], before)
    assert shared[1].state[shared[0]][name] is first[1].state[first[0]][name]
    assert not torch.equal(shared[1].state[shared[0]][name], before)
    assert kind is torch.optim.SGD or shared[1].state[shared[0]]["step"] == 11
PYTHON
