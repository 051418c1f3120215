#!/usr/bin/env bash
# PyTorch 2.13.0, nn.TransformerEncoderLayer in evaluation whose dropout layers alone are in training mode (Monte Carlo dropout)
# One would guess: switching nn.Dropout modules back to training makes the passes differ, under no_grad as with gradients on.
# Seen: under no_grad two passes are equal bit for bit. The layer's fast path looks at its own mode only and leaves its
#   parts' dropout out, without a word; with gradients on, or with the fast path switched off, the passes differ.
# Why it matters: prediction is made under no_grad, and the usual recipe of Monte Carlo dropout then reports no uncertainty
#   at all from a transformer.
# What to do: torch.backends.mha.set_fastpath_enabled(False) while predicting, and check that two passes differ.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile torch==2.13.0 numpy==2.4.6
cd "$folder"
OMP_NUM_THREADS=1 venv/bin/python - <<'PYTHON'
import torch

torch.manual_seed(0)
layer = torch.nn.TransformerEncoderLayer(4, 2, 8, dropout=0.5, batch_first=True).eval()
for part in layer.modules():
    if isinstance(part, torch.nn.Dropout):
        part.train()
x = torch.randn(2, 3, 4)


def spread():
    return float((layer(x) - layer(x)).detach().abs().max())


with_gradients = spread()
with torch.no_grad():
    without = spread()
    torch.backends.mha.set_fastpath_enabled(False)
    slow = spread()
print("torch", torch.__version__, "two passes differ by:", with_gradients, "under no_grad:", without, "without the fast path:", slow)
assert with_gradients > 0.1 and slow > 0.1
assert without == 0
PYTHON
