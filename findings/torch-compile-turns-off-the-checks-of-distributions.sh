#!/usr/bin/env bash
# PyTorch 2.13.0, torch.compile and torch.distributions
# One would guess: compiling one function changes nothing for code that is not compiled.
# Seen: the first call of torch.compile turns the argument checks of torch.distributions off for the whole process, for good:
#   before it Normal(0, −1) and Gamma(1, 1).log_prob(−2) are ValueErrors, afterwards Normal(0, −1) is made and
#   Gamma(1, 1).log_prob(−2) is the finite number 2, the density e² of a value that cannot be. Nothing is said.
# Why it matters: a test of bad parameters passes or fails by what ran before it; a sampler that leaves the support goes on with
#   finite numbers once any layer of the program was compiled.
# What to do: pass validate_args=True where the check counts, or set Distribution.set_default_validate_args(True) after compiling.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile torch==2.13.0 numpy==2.4.6 setuptools
cd "$folder"
OMP_NUM_THREADS=1 venv/bin/python - <<'PYTHON'
import torch
from torch.distributions import Gamma, Normal


def refused(call):
    try:
        call()
    except ValueError:
        return True
    return False


bad = [lambda: Normal(0.0, -1.0), lambda: Gamma(1.0, 1.0).log_prob(torch.tensor(-2.0))]
before = [refused(call) for call in bad]
torch.compile(lambda x: x + 1, backend="eager")(torch.ones(2))
after = [refused(call) for call in bad]
value = Gamma(1.0, 1.0).log_prob(torch.tensor(-2.0)).item()
print("torch", torch.__version__, "refused before", before, "after torch.compile", after, "log density", value)
assert before == [True, True] and after == [False, False] and value == 2.0
PYTHON
