"""Where a fit of a mixture starts."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.cluster import kmeans_plusplus

from gradus.arguments import Sizes, array, refusal
from gradus.inference.mixtures.normal_components import Components, Moments, maximized
from gradus.text import Text

__all__ = ["started"]

Array = np.ndarray[Any, np.dtype[Any]]


def started(model: Any, X: Array, centre: Array, rng: Any) -> Components:
    """The start of a fit, about the centre: what the model's parameters give, and k-means++ for the rest.

    Raises:
        GradusError: a start that does not fit.
    """
    k, (n, d) = model.n_components, X.shape
    square = model.covariance_type in ("full", "tied")
    if model.means_init is None or model.weights_init is None or model.covariances_init is None:
        Z = X - centre
        centres, _ = kmeans_plusplus(Z, k, random_state=rng)
        nearest = np.argmin((centres**2).sum(1) - 2 * Z @ centres.T, 1)
        counts = np.bincount(nearest, minlength=k).astype(float)
        first, second = np.zeros((k, d)), np.zeros((k, d, d) if square else (k, d))
        for j in range(k):
            away = Z[nearest == j] - centres[j]
            first[j] = away.sum(0)
            second[j] = away.T @ away if square else (away**2).sum(0)
        start = maximized(
            Moments(0.0, counts, first, second, centres), model.covariance_type, model.reg_covar, n, centres
        )
    else:
        start = Components(np.ones(k) / k, np.zeros((k, d)), np.zeros((k, d, d) if square else (k, d)))
    sizes = Sizes({"k": (k, "n_components"), "d": (d, "X")})
    weights, means, C = start
    if model.weights_init is not None:
        weights = array("weights_init", model.weights_init, "k", sizes, finite=True)
        if (weights < 0).any() or abs(weights.sum() - 1) > 1e-6:
            raise refusal(
                "weights_init",
                ("weights that sum to 1", "总和为 1 的权重"),
                Text(f"a sum of {weights.sum():g}", f"总和 {weights.sum():g}"),
            )
    if model.means_init is not None:
        means = array("means_init", model.means_init, "k d", sizes, finite=True) - centre
    if model.covariances_init is not None:
        spec = {"full": "k d d", "tied": "d d", "diag": "k d", "spherical": "k"}[model.covariance_type]
        given = array("covariances_init", model.covariances_init, spec, sizes, finite=True)
        given = given[:, None] if model.covariance_type == "spherical" else given
        C = np.broadcast_to(given, C.shape).copy()
    return Components(weights, means, C)
