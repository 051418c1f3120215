#!/usr/bin/env bash
# PyTorch 2.13.0, torch.optim.SGD(fused=True) with float16 or bfloat16 parameters on the processor
# One would guess: fused changes the speed and not the result, or refuses a type that it cannot do, as other fused updates would.
# Seen: without a word, all entries but the last few keep their value: of 1003 ones with gradient 1 and lr 0.5 the first 992 (62 · 16,
#   with AVX2's registers) stay 1 and the last 11 become 0.5; of 3 entries all move, of 1024 none. The vectorised part of the kernel
#   does not write the parameter back. With momentum the same. fused=False moves all; fused Adam, AdamW and Adagrad move all; float32 and float64 are right.
# Why it matters: a small test (a bias of 10) passes, and a network whose large matrices stand still trains a little, by its biases.
# What to do: no fused=True for SGD with half-precision parameters on a processor; check that every parameter moved.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile torch==2.13.0 numpy==2.4.6
cd "$folder"
OMP_NUM_THREADS=1 venv/bin/python - <<'PYTHON'
import torch


def moved(n, dtype, make):
    p = torch.nn.Parameter(torch.ones(n, dtype=dtype))
    p.grad = torch.ones_like(p)
    make([p]).step()
    return (p.detach() < 0.9).tolist()


def sgd(**settings):
    return lambda p: torch.optim.SGD(p, lr=0.5, **settings)


print("torch", torch.__version__)
for dtype in (torch.float16, torch.bfloat16):
    for settings in ({"fused": True}, {"fused": True, "momentum": 0.9}):
        entries = moved(1003, dtype, sgd(**settings))
        print(dtype, settings, "moved", sum(entries), "of 1003, the first at", entries.index(True))
        assert entries == sorted(entries) and sum(entries) < 64, "others move now"  # the last ones alone, False before True
        assert sum(moved(3, dtype, sgd(**settings))) == 3 and sum(moved(1024, dtype, sgd(**settings))) == 0
    assert all(moved(1003, dtype, sgd(fused=False))) and all(moved(1003, dtype, sgd(foreach=True)))
    for kind in (torch.optim.Adam, torch.optim.AdamW, torch.optim.Adagrad):
        assert all(moved(1003, dtype, lambda p, kind=kind: kind(p, lr=0.5, fused=True)))
assert all(moved(1003, torch.float32, sgd(fused=True))) and all(moved(1003, torch.float64, sgd(fused=True)))
PYTHON
