#!/usr/bin/env bash
# PyTorch 2.13.0, torch.optim.SGD(momentum=..., fused=True) in a loop with torch.amp.GradScaler, on the processor
# One would guess: a step that the scaler skips, because a gradient overflowed, leaves parameters and state alone, fused or not.
# Seen: if the first step is skipped, as it often is with the scaler's first factor of 65536, the update makes its momentum buffer,
#   does not fill it, and keeps it. From the next step on the momentum is whatever that memory held: 7e20 of a tensor that was
#   freed before, and the weights go from 0 to 6e19 at the first good step. No warning, and the gradients are finite.
#   fused=False has no buffer after a skipped step; without momentum, and with fused Adam, nothing is wrong either.
# Why it matters: training in half precision ends in nonsense or not by what stood in memory, and no seed reproduces it.
# What to do: fused=False for SGD with momentum under a GradScaler, or bfloat16, which needs none.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile torch==2.13.0 numpy==2.4.6
cd "$folder"
OMP_NUM_THREADS=1 venv/bin/python - <<'PYTHON'
import torch

N, BEFORE = 1 << 14, 7e20


def run(kind, **settings):
    """A step whose gradient is infinite and one whose gradient is 1, from weights of 0."""
    weights = torch.nn.Parameter(torch.zeros(N))
    optimizer = kind([weights], lr=0.1, **settings)
    scaler = torch.amp.GradScaler("cpu")
    scaler.scale((weights * torch.inf).sum()).backward()
    used = [torch.full((N,), BEFORE) for _ in range(4)]  # what a forward pass leaves behind in memory
    del used
    scaler.step(optimizer)
    scaler.update()
    kept = bool(optimizer.state.get(weights, {}).get("momentum_buffer") is not None)
    assert not weights.detach().any(), "the step was not skipped"
    optimizer.zero_grad()
    scaler.scale(weights.sum()).backward()
    scaler.step(optimizer)
    return kept, weights.detach().abs().max().item()


print("torch", torch.__version__)
for settings in ({"fused": False}, {"fused": True}):
    kept, largest = run(torch.optim.SGD, momentum=0.9, **settings)
    print("SGD with momentum,", settings, "buffer after the skipped step:", kept, "largest weight after the next:", largest)
    assert kept == settings["fused"]
    assert (largest > 1e19) if settings["fused"] else abs(largest - 0.1) < 1e-6
for kind in (torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW):
    kept, largest = run(kind, fused=True)
    assert not kept and abs(largest - 0.1) < 1e-6, kind
PYTHON
