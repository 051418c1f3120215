#!/usr/bin/env bash
# scikit-learn 1.9.1, input validation of every estimator
# One would guess: an array of dates is refused, as an array of words is, or at least read in one fixed unit.
# Seen: datetime64 is turned into a count since 1970 in silence, in whatever unit the array happens to have: the same
#   two days as datetime64[D] and datetime64[s] give slopes that differ by 86,400.
# Why it matters: a date column left in by mistake is trained on, and a scaler fitted on days and given
#   the same dates in seconds answers 3.5e9 where 1 is right, without a warning.
# What to do: turn dates into numbers by hand, in a unit that is written down, before they reach an estimator.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile scikit-learn==1.9.1 numpy==2.4.6
cd "$folder"
OMP_NUM_THREADS=1 venv/bin/python - <<'PYTHON'
import warnings

import numpy as np
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import StandardScaler

warnings.simplefilter("error")
days = np.array([["2026-01-01"], ["2026-01-02"]], dtype="datetime64[D]")
seconds = days.astype("datetime64[s]")
by_day, by_second = (LinearRegression().fit(dates, [0.0, 1.0]).coef_[0] for dates in (days, seconds))
scaler = StandardScaler().fit(days)
same, crossed = scaler.transform(days).ravel().tolist(), scaler.transform(seconds).ravel().tolist()
print("scikit-learn 1.9.1: slope in days", by_day, "in seconds", by_second)
print("scaler fitted on days, the same dates in days:", same, "in seconds:", crossed)
assert abs(by_day / by_second - 86400) < 1
assert same == [-1.0, 1.0] and min(crossed) > 1e9
PYTHON
