#!/usr/bin/env bash
# PyTorch 2.13.0, ctc_loss
# One would guess: the gradient that autograd gives by the argument log_probs is the derivative by that argument.
# Seen: it is exp(log_probs) − posterior, the derivative by logits of which log_probs were the log-softmax; the derivative by
#   log_probs is −posterior, and central differences say so. The two agree along every direction that keeps the probabilities
#   normalised, so that log_softmax, or the logarithm of an average of two models, is differentiated rightly.
# Why it matters: of scores that are not normalised the gradient is wrong without a word: log-probabilities divided by a prior
#   of the classes (usual in hybrid speech recognition), scaled by a temperature after log_softmax, or with a class masked.
#   A gradient check of the loss, or of a correct re-implementation beside it, fails.
# What to do: normalise last (log_softmax again after every change of the scores), and compare gradients at the logits.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile torch==2.13.0 numpy==2.4.6
cd "$folder"
OMP_NUM_THREADS=1 venv/bin/python - <<'PYTHON'
import torch
from torch.nn.functional import ctc_loss

torch.manual_seed(0)
logits = torch.randn(5, 1, 3, dtype=torch.float64)


def loss(log_probs):
    return ctc_loss(log_probs, torch.tensor([[1, 2]]), torch.tensor([5]), torch.tensor([2]), reduction="sum")


def differences(f, x):
    result = torch.zeros_like(x)
    for i in range(x.numel()):
        step = torch.zeros_like(x)
        step.view(-1)[i] = 1e-6
        result.view(-1)[i] = (f(x + step) - f(x - step)) / 2e-6
    return result


x = logits.log_softmax(-1).requires_grad_()
(direct,) = torch.autograd.grad(loss(x), x)
off = direct - differences(loss, x.detach())
z = logits.clone().requires_grad_()
(through,) = torch.autograd.grad(loss(z.log_softmax(-1)), z)
right = differences(lambda t: loss(t.log_softmax(-1)), logits)
prior = torch.tensor([0.8, 0.1, 0.1], dtype=torch.float64).log()
w = logits.clone().requires_grad_()


def divided(t):
    return loss(t.log_softmax(-1) - 0.5 * prior)


(mixed,) = torch.autograd.grad(divided(w), w)
wrong = (mixed - differences(divided, logits)).abs().max()
print("torch", torch.__version__)
print("by log_probs: off by exp(log_probs) to", (off - x.detach().exp()).abs().max().item())
print("through log_softmax: off by", (through - right).abs().max().item(), "of scores over a prior:", wrong.item())
assert (off - x.detach().exp()).abs().max() < 1e-7
assert (through - right).abs().max() < 1e-7
assert wrong > 0.05
PYTHON
