#!/usr/bin/env bash
# PyTorch 2.13.0, nn.MultiheadAttention and nn.TransformerEncoder in evaluation mode, with padding
# One would guess: no_grad() changes what is remembered, not what is computed.
# Seen: it changes the values. A sequence whose keys are all padding gives finite numbers with gradients on and NaN under
#   no_grad (another kernel is taken there); with need_weights=True it is NaN either way. In a TransformerEncoder the
#   padded positions are exactly 0 under no_grad and ordinary numbers with gradients on.
# Why it matters: validation under no_grad sees NaN that training never saw; a mean over all positions differs between
#   training and evaluation; an instrument that needs gradients reports on another function than the one deployed.
# What to do: compare in one grad mode, over real positions only; treat a row with everything masked as its own case.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile torch==2.13.0 numpy==2.4.6
cd "$folder"
OMP_NUM_THREADS=1 venv/bin/python - <<'PYTHON'
import warnings

import torch

warnings.simplefilter("ignore")
torch.manual_seed(0)
x = torch.randn(2, 3, 4)
attention = torch.nn.MultiheadAttention(4, 2, batch_first=True).eval()
layer = torch.nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)
encoder = torch.nn.TransformerEncoder(layer, 1).eval()
all_padded = torch.tensor([[True] * 3, [False] * 3])
last_padded = torch.tensor([[False, False, True]] * 2)


def both(call):
    with_gradients = call()
    with torch.no_grad():
        return with_gradients.detach(), call()


def finite(weights):
    call = lambda: attention(x, x, x, key_padding_mask=all_padded, need_weights=weights)[0]
    return [bool(y[0].isfinite().all()) for y in both(call)]


quiet, weighted = finite(False), finite(True)
trained, deployed = both(lambda: encoder(x, src_key_padding_mask=last_padded))
print("torch", torch.__version__, "all keys padded, finite with gradients / under no_grad:", quiet, "need_weights:", weighted)
print("padded position of the encoder:", trained[0, 2].tolist(), "under no_grad:", deployed[0, 2].tolist())
assert quiet == [True, False] and weighted == [False, False]
assert abs(trained[:, :2] - deployed[:, :2]).max() < 1e-5
assert (deployed[:, 2] == 0).all() and abs(trained[:, 2]).max() > 0.1
PYTHON
