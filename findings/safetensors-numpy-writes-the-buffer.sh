#!/usr/bin/env bash
# safetensors 0.8.0 with NumPy
# One would guess: an array that is a transposed or strided view is either written by its values or refused, as the
#   torch side of the same package refuses a tensor that is not contiguous.
# Seen: the NumPy side writes the underlying memory in its own order under the view's shape. A transpose comes back
#   with the right shape and the numbers in other places; of every second column, the first columns come back.
# Why it matters: weights are transposed when they pass from one framework to another, just before they are saved;
#   shapes, sums and norms of the transpose are all right.
# What we do: our writer makes every array contiguous first; the checkpoint's test saves a transpose and reads it back.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile safetensors==0.8.0 numpy==2.4.6
cd "$folder"
OMP_NUM_THREADS=1 venv/bin/python - <<'PYTHON'
import numpy as np
from safetensors.numpy import load, save

weight = np.arange(6.0).reshape(2, 3)
for name, view in (("transpose", weight.T), ("every second column", weight[:, ::2])):
    back = load(save({"weight": view}))["weight"]
    mended = load(save({"weight": np.ascontiguousarray(view)}))["weight"]
    print("safetensors 0.8.0,", name + ": wrote", view.tolist(), "read", back.tolist())
    assert back.shape == view.shape
    assert not np.array_equal(back, view), "the values are written now"
    assert np.array_equal(mended, view)
PYTHON
