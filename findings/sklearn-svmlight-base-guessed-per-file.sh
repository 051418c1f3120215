#!/usr/bin/env bash
# scikit-learn 1.9.1, datasets.dump_svmlight_file and load_svmlight_file (SVMlight / LIBSVM text)
# One would guess: with n_features given, two files that one program wrote with 0-based columns have the same columns
#   when they are read.
# Seen: the default zero_based="auto" looks for a column 0 in each file by itself. A test file in which no row uses
#   column 0 is taken to be 1-based and moves one column to the left, though n_features says how wide it is. The two
#   matrices have the same shape, and nothing is said.
# Why it matters: sparse text and click data often have a rare first column; test accuracy falls without a reason.
# What to do: state the base; or read train and test in one call (load_svmlight_files guesses once for all).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile scikit-learn==1.9.1 numpy==2.4.6
cd "$folder"
OMP_NUM_THREADS=1 venv/bin/python - <<'PYTHON'
import io

import numpy as np
from sklearn.datasets import dump_svmlight_file, load_svmlight_file, load_svmlight_files

train, test = np.array([[5.0, 1.0, 2.0]]), np.array([[0.0, 1.0, 2.0]])


def written(rows):
    file = io.BytesIO()
    dump_svmlight_file(rows, [1.0], file, zero_based=True)
    file.seek(0)
    return file


one_by_one = [load_svmlight_file(written(rows), n_features=3)[0].toarray() for rows in (train, test)]
together = load_svmlight_files([written(train), written(test)], n_features=3)
print("scikit-learn 1.9.1: train read as", one_by_one[0].tolist(), "test read as", one_by_one[1].tolist())
print("in one call the test is", together[2].toarray().tolist())
assert one_by_one[0].tolist() == train.tolist()
assert one_by_one[1].tolist() == [[1.0, 2.0, 0.0]], "the test file no longer moves"
assert together[2].toarray().tolist() == test.tolist()
PYTHON
