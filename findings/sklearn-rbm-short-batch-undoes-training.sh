#!/usr/bin/env bash
# scikit-learn 1.9.1, BernoulliRBM.fit
# One would guess: one row more changes a fit of a thousand rows by next to nothing; at worst its last batch is noisier.
# Seen: the persistent chains are as many as batch_size, the last batch of an epoch has the rows that are left over, and both sums are
#   divided by the rows alone: of 1,001 rows with batch_size=100 the last batch has one, and its negative phase counts 100 times. It
#   drives the biases down in every epoch. The mean of the fitted model is .053 for data of .699 (with 1,000 rows: .696), the exact
#   log-likelihood of a row −32.98 for −9.78. No warning; partial_fit on fewer rows than batch_size does the same.
# Why it matters: how well it fits depends on the remainder of n / batch_size, and a grid over batch sizes finds the remainder.
# What to do: cut the data to a multiple of batch_size (shuffled: it does not shuffle), or choose a batch_size that divides n.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1
cd "$folder"
venv/bin/python - <<'PYTHON'
import itertools

import numpy as np
import sklearn
from sklearn.neural_network import BernoulliRBM

data = (np.random.default_rng(0).random((1001, 16)) < 0.7).astype(float)
every = np.array(list(itertools.product([0.0, 1.0], repeat=16)))


def fitted(rows):
    """The exact mean of the fitted model and the mean log-likelihood of its data."""
    x = data[:rows]
    model = BernoulliRBM(n_components=4, learning_rate=0.05, n_iter=20, batch_size=100, random_state=0).fit(x)

    def free(v):
        hidden = np.logaddexp(0, v @ model.components_.T + model.intercept_hidden_).sum(1)
        return v @ model.intercept_visible_ + hidden

    log_sum = np.logaddexp.reduce(free(every))
    return (np.exp(free(every) - log_sum) @ every).mean(), (free(x) - log_sum).mean()


even, odd = fitted(1000), fitted(1001)
print("scikit-learn", sklearn.__version__, "mean and log-likelihood with 1,000 rows", even, "with 1,001", odd)
assert abs(even[0] - data.mean()) < 0.01 and even[1] > -9.9
assert odd[0] < 0.1 and odd[1] < -30
PYTHON
