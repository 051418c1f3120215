#!/usr/bin/env bash
# hmmlearn 0.3.3, implementation="scaling"
# One would guess: scaled and logarithmic passes are two ways to the same number; scaling is only the faster one.
# Seen: rescaling keeps the sum of the forward probabilities at one, not each of them. A state that is some 750 nats behind becomes
#   exactly 0, and where it cannot be entered anew (a left-to-right or an absorbing model) it is lost for good, however well the rest
#   of the sequence speaks for it. Two states that are never left, 400 symbols for the first and then 1,000 for the second: score
#   −2345.42, the truth (a sum of two terms) −1027.09; predict_proba gives the wrong state probability 1 at every step. The one
#   sign is a RuntimeWarning of predict_proba; score says nothing. implementation="log", the default, is right.
# Why it matters: "scaling" is what is recommended for speed (5–10 times), and the likelihood is wrong by hundreds of nats.
# What to do: keep "log" for models with zeros in the transition matrix and long sequences.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile hmmlearn==0.3.3 numpy==2.4.6 scipy==1.17.1
cd "$folder"
venv/bin/python -W ignore - <<'PYTHON'
import hmmlearn
import numpy as np
from hmmlearn.hmm import CategoricalHMM

symbols = np.repeat([0, 1], [400, 1000])
truth = np.logaddexp(*(np.log(0.5) + 400 * np.log(p) + 1000 * np.log(1 - p) for p in (0.9, 0.1)))
scores, last = {}, {}
for implementation in ("scaling", "log"):
    model = CategoricalHMM(2, implementation=implementation)
    model.startprob_, model.transmat_ = np.array([0.5, 0.5]), np.eye(2)
    model.emissionprob_ = np.array([[0.9, 0.1], [0.1, 0.9]])
    scores[implementation] = model.score(symbols[:, None])
    last[implementation] = model.predict_proba(symbols[:, None])[-1]
print("hmmlearn", hmmlearn.__version__, "truth", truth, scores, last)
assert abs(scores["log"] - truth) < 1e-6 and last["log"].argmax() == 1
assert scores["scaling"] < truth - 1300 and last["scaling"].argmax() == 0
PYTHON
