"""Thresholds of divergence: bisected by running PyTorch's optimizers, beside the closed forms."""

import numpy as np
import pytest
import torch

from gradus.errors import GradusError
from gradus.optimization import divergence_threshold, largest_stable_step, trajectory

HUGE = 1e100  # an ε beside which the second average is nothing: Adam's preconditioner stays as it is
OPTIMIZERS = {
    "sgd": lambda p, alpha: torch.optim.SGD(p, lr=alpha),
    "momentum": lambda p, alpha: torch.optim.SGD(p, lr=alpha, momentum=0.9),
    "nesterov": lambda p, alpha: torch.optim.SGD(p, lr=alpha, momentum=0.9, nesterov=True),
    "adam": lambda p, alpha: torch.optim.Adam(p, lr=alpha * HUGE, eps=HUGE),
    "rmsprop": lambda p, alpha: torch.optim.RMSprop(p, lr=alpha * HUGE, eps=HUGE),
}


def path_of(name):
    def path(gradient, theta0, steps, alpha):
        return trajectory(lambda p: OPTIMIZERS[name](p, alpha), gradient, theta0, steps)

    return path


@pytest.mark.slow
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_pytorchs_optimizers_diverge_where_the_closed_forms_say(name):
    edge = largest_stable_step(4.0, name)
    found = divergence_threshold(
        path_of(name), [0.5, 4.0], low=0.97 * edge, high=1.04 * edge, steps=160, tolerance=5e-3
    )
    assert found == pytest.approx(edge, rel=5e-3)


def descent(gradient, theta, steps, alpha):
    return np.stack([theta] + [theta := theta - alpha * gradient(theta) for _ in range(steps)])


@pytest.mark.parametrize("curvature", [1e-8, 1.0, [3.0, 1e-3], 1e8])
def test_the_largest_curvature_decides_to_seven_digits(curvature):
    largest = np.max(curvature)
    found = divergence_threshold(descent, curvature, low=1e-3 / largest, high=1e3 / largest)
    assert found == pytest.approx(2 / largest, rel=2e-7)


def test_what_does_not_diverge_or_does_at_once_is_told():
    def signs(gradient, theta, steps, alpha):
        return descent(lambda x: np.sign(gradient(x)), theta, steps, alpha)

    for call, words in (
        (lambda: divergence_threshold(signs), "high: expected a step size with which it diverges"),
        (lambda: divergence_threshold(descent, low=3.0), "low: expected"),
        (lambda: divergence_threshold(descent, low=1.0, high=0.5), "low: expected"),
        (lambda: divergence_threshold(descent, [1.0, 0.0]), "curvature: expected positive numbers, got 0"),
        (lambda: divergence_threshold(lambda *_: np.zeros(3)), "path"),
    ):
        with pytest.raises(GradusError, match=words):
            call()
