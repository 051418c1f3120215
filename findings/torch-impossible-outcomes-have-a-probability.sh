#!/usr/bin/env bash
# PyTorch 2.13.0, torch.distributions with a probability of exactly 0 or 1
# One would guess: Bernoulli(probs=0).log_prob(1) is −∞, and the divergence from a distribution that excludes an outcome is
#   computed from the same log-probabilities.
# Seen: the log-probability of the impossible outcome is −15.94 in float32 and −36.04 in float64 (ln of the machine epsilon,
#   to which probabilities are clamped), of Bernoulli and of Categorical. kl_divergence of Categoricals handles the 0 by
#   itself and says ∞, where the mean of log p − log q over the outcomes gives a finite number.
# Why it matters: how bad an impossible event is depends on the dtype; a likelihood that should exclude a hypothesis
#   (importance weights, hard constraints, masked actions) leaves it with e^-16 a sample, and a policy-gradient ratio of
#   masked actions is finite. Closed form and Monte Carlo of one divergence disagree by ∞.
# What to do: mask outcomes by logits of −∞ and treat them before log_prob, or compute xlogy/xlog1py of the probabilities.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile torch==2.13.0 numpy==2.4.6
cd "$folder"
OMP_NUM_THREADS=1 venv/bin/python - <<'PYTHON'
import math

import torch
from torch.distributions import Bernoulli, Categorical, kl_divergence

seen = {}
for dtype in (torch.float32, torch.float64):
    never = Bernoulli(probs=torch.zeros((), dtype=dtype))
    first = Categorical(probs=torch.tensor([1, 0], dtype=dtype))
    seen[dtype] = never.log_prob(torch.ones((), dtype=dtype)).item(), first.log_prob(torch.tensor(1)).item()
p, q = Categorical(probs=torch.tensor([0.5, 0.5])), Categorical(probs=torch.tensor([1.0, 0.0]))
closed = kl_divergence(p, q).item()
summed = sum(0.5 * (p.log_prob(torch.tensor(i)) - q.log_prob(torch.tensor(i))).item() for i in (0, 1))
print("torch", torch.__version__, "log-probability of the impossible", seen, "divergence", closed, "by outcomes", summed)
for dtype, values in seen.items():
    assert all(abs(v - math.log(torch.finfo(dtype).eps)) < 1e-3 for v in values)
assert math.isinf(closed) and abs(summed - 7.278) < 0.01
PYTHON
