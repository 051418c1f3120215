#!/usr/bin/env bash
# scikit-learn 1.9.1, PCA with its default solver
# One would guess: PCA takes the singular value decomposition of the centred data, and more rows make it more exact.
# Seen: with at least ten rows a feature, at most 1,000 features and the default svd_solver="auto" it forms the covariance
#   matrix and takes its eigenvalues, which squares the condition number. Data of five directions with deviations 1, 1e-3,
#   1e-6, 1e-9, 1e-10 (none of them below the rounding of float64): of 40 rows all five are found to 15 %; of 1,000 rows the
#   fourth comes out four times too large, the fifth as 0, and whitened data, whose every column must have deviation 1, have
#   .04 and several millions. svd_solver="full" finds all, and whitens to 1.
# Why it matters: whitening is used to make columns comparable; here the column of pure rounding rules every distance after
#   it. The fault appears when a pilot of few rows becomes the whole data set.
# What to do: svd_solver="full" where small components matter or data are whitened; or drop components below 1e-7 of the
#   largest.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile scikit-learn==1.9.1 numpy==2.4.6
cd "$folder"
OMP_NUM_THREADS=1 venv/bin/python - <<'PYTHON'
import numpy as np
from sklearn.decomposition import PCA

rng = np.random.default_rng(0)
turned = np.linalg.qr(rng.standard_normal((5, 5)))[0]
true = np.array([1, 1e-3, 1e-6, 1e-9, 1e-10])
rows = rng.standard_normal((1000, 5)) * true @ turned
ratios, columns = {}, {}
for name, solver, data in (("auto, 40", "auto", rows[:40]), ("auto", "auto", rows), ("full", "full", rows)):
    pca = PCA(svd_solver=solver, whiten=True).fit(data)
    ratios[name] = np.sqrt(pca.explained_variance_) / true
    columns[name] = pca.transform(data).std(0, ddof=1)
    print(f"{name:9} deviations over the true ones {ratios[name].round(3)}, of the whitened columns {columns[name].round(3)}")
for name in ("auto, 40", "full"):
    assert np.abs(np.log(ratios[name])).max() < 0.4 and np.abs(columns[name] - 1).max() < 1e-3
assert ratios["auto"][3] > 2 and ratios["auto"][4] < 0.5
assert columns["auto"][3] < 0.2 and columns["auto"][4] > 1e3
PYTHON
