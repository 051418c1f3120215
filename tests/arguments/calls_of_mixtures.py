"""Right calls of mixtures: the class by its hyper-parameters, its methods on rows."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from example_calls import Example, new, of, rows

from gradus import inference


def fitted(**given: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return inference.GaussianMixture(**given).fit(rows(0, 12, 3))


def calls_of_mixtures() -> dict[str, Example]:
    name, made, X = "gradus.inference.GaussianMixture", fitted(random_state=0), new(rows, 1, 5, 3)
    more = new(rows, 0, 12, 3)
    own = {
        name: of(
            fitted, n_components=2, covariance_type="full", tol=1e-3, reg_covar=1e-3, max_iter=20, n_init=1,
            weights_init=new(np.array, [0.5, 0.5]), means_init=new(rows, 2, 2, 3), covariances_init=new(np.array, [np.eye(3)] * 2), random_state=0,
        ),
        name + ".fit": of(lambda **given: inference.GaussianMixture(random_state=0).fit(**given), X=more),
        name + ".fit_predict": of(lambda **given: inference.GaussianMixture(random_state=0).fit_predict(**given), X=more),
        name + ".sample": of(made.sample, n_samples=4),
    }  # fmt: skip
    for method in ("bic", "predict", "predict_proba", "score", "score_samples"):
        own[f"{name}.{method}"] = of(getattr(made, method), X=X)
    return own
