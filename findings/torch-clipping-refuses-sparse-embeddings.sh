#!/usr/bin/env bash
# PyTorch 2.13.0, Embedding(sparse=True) and clipping
# One would guess: what SGD, SparseAdam and Adagrad train, clip_grad_norm_ clips; at worst the rows are made dense.
# Seen: clip_grad_norm_ (any foreach) and clip_grad_value_ raise NotImplementedError about a backend, SparseCPU, that the
#   user never named, at the first step and for the whole model, though one layer alone has such gradients. get_total_norm of the
#   coalesced gradient's values() gives the right norm, and scaling them in place is what the optimizer then sees.
# Why it matters: language models are where both are used together. Before coalesce() the same row may stand several times:
#   the norm of the values as they are is another one (here 1.414 for 2.0).
# What to do: coalesce, take the norm over values(), scale those.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile torch==2.13.0 numpy==2.4.6
cd "$folder"
OMP_NUM_THREADS=1 venv/bin/python - <<'PYTHON'
import torch
from torch.nn.utils import clip_grad_norm_, clip_grad_value_, get_total_norm

table = torch.nn.Embedding(5, 1, sparse=True)
table(torch.tensor([1, 1])).sum().backward()
raised = []
for clip in (lambda p: clip_grad_norm_(p, 1.0), lambda p: clip_grad_norm_(p, 1.0, foreach=False), lambda p: clip_grad_value_(p, 1.0)):
    try:
        clip(table.parameters())
    except NotImplementedError as error:
        raised.append(str(error).partition(".")[0])
print("torch", torch.__version__, *raised, sep="\n")
as_it_is = get_total_norm([table.weight.grad._values()])
table.weight.grad = table.weight.grad.coalesce()
values = table.weight.grad.values()
norm = get_total_norm([values])
values.mul_(1.0 / norm)
print("norm as it is", float(as_it_is), "coalesced", float(norm), "after scaling", table.weight.grad.to_dense().flatten().tolist())
assert len(raised) == 3, "it clips now"
assert abs(float(as_it_is) - 2**0.5) < 1e-6 and float(norm) == 2.0
assert table.weight.grad.to_dense().flatten().tolist() == [0.0, 1.0, 0.0, 0.0, 0.0]
PYTHON
