"""Cross-validation: the folds part the rows, and scores are those of scikit-learn on the same folds."""

import numpy as np
import pytest

from gradus.data import load
from gradus.errors import GradusError
from gradus.systems import SeedRequest
from gradus.systems.folds import all_rows, folds, out_of_fold
from gradus.systems.foundations import linear_regression


def test_folds_part_the_rows():
    parts = [part for _, part in folds(23, 5, 4)]
    assert sorted(np.concatenate(parts).tolist()) == list(range(23))
    for learn, part in folds(23, 5, 4):
        assert not set(learn) & set(part) and len(learn) + len(part) == 23
    seen = out_of_fold(lambda learn, part: [10 * i + (i in learn) for i in part], 23, 5, 4)
    assert seen.tolist() == [10 * i for i in range(23)]
    with pytest.raises(GradusError, match="at least 10 rows"):
        list(folds(5, 0))


def test_linear_regression_is_scored_as_scikit_learn_does():
    from sklearn.linear_model import LinearRegression
    from sklearn.metrics import r2_score

    data = load("diabetes")
    X, y = all_rows(data)
    predicted = np.empty_like(y)
    for learn, part in folds(len(y), 1):
        predicted[part] = LinearRegression().fit(X[learn], y[learn]).predict(X[part])
    score = linear_regression.train(data, SeedRequest(1, 0.48)).score
    assert score == pytest.approx(r2_score(y, predicted), rel=1e-12)
