"""Right calls of the foundations: their functions, distributions and estimators."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import torch
from example_calls import LABELS, SIGNS, Example, Fresh, array, gradient_at, new, of, rows, shares, tensors
from torch import distributions as D

from gradus import foundations as f
from gradus.foundations import distributions
from tools.public_surface import methods


@cache
def _fitted(name: str) -> Any:
    estimator = getattr(f, name)()
    if "Hopfield" in name:
        return estimator.fit(rows(0, 3, 4))
    return estimator.fit(rows(0, 12, 3), _target(name))


def _target(name: str) -> np.ndarray:
    if name == "LinearRegression":
        return rows(1, 12)
    return (rows(0, 12, 3)[:, 0] > 0).astype(float) if name == "Perceptron" else LABELS


def calls_of_estimator(name: str, **parameters: Any) -> dict[str, Example]:
    """The class by its hyper-parameters, and its methods on rows."""
    cls, path = getattr(f, name), f"gradus.foundations.{name}"
    memory = "Hopfield" in name
    data = (rows(0, 3, 4),) if memory else (rows(0, 12, 3), _target(name))

    def learnt(**given: Any) -> Any:
        return cls(**given).fit(*data)

    own = {path: Example(learnt, lambda: dict(parameters))}
    for method in methods(cls):
        if method == "fit":
            named = (
                (lambda: {"X": rows(0, 3, 4)})
                if memory
                else (lambda: {"X": rows(0, 12, 3), "y": _target(name).copy()})
            )
            own[f"{path}.fit"] = Example(lambda **given: cls().fit(**given), named)
        else:
            call = getattr(_fitted(name), method)
            own[f"{path}.{method}"] = Example(call, lambda: {"X": rows(2, 5, 4 if memory else 3)})
    return own


def _sum_of_squares(x: Any) -> Any:
    return np.sum(x**2)


def _pulled(function: Any, x: Any) -> Any:
    y, pull = f.vjp(function, x)
    return pull(np.ones(np.shape(y)))


def calls_of_foundations() -> dict[str, Example]:
    x3, matrix = new(rows, 1, 3), new(rows, 2, 4, 3)
    normal = lambda x, theta: -((x - theta[..., 0]) ** 2) / 2
    examples = {
        "analysis_of_variance": of(f.analysis_of_variance, y=new(rows, 0, 6), group=array(0, 0, 1, 1, 2, 2)),
        "binomial_evaluations": of(f.binomial_evaluations, n=10, checkpoints=3),
        "check_gradient": of(
            f.check_gradient, f=_sum_of_squares, gradient=lambda x: 2 * x, x=x3, tolerance=1e-5, h=2.0**-13
        ),
        "checkpoint": of(gradient_at(f.checkpoint, np.ones(2)), f=np.exp),
        "classify": of(f.classify, f=np.cos, x=x3, order=3, tolerance=1e-10),
        "classify_hessian": of(
            f.classify_hessian, H=Fresh(lambda: np.diag([1.0, 2.0, 3.0])), tolerance=1e-12
        ),
        "cross_entropy": of(f.cross_entropy, p=new(shares, 0, 2, 3), q=new(shares, 1, 2, 3), base=2.0),
        "derivative": of(f.derivative, f=np.exp, x=x3, h=1e-3, method="central"),
        "entropy": of(f.entropy, p=new(shares, 0, 2, 3), base=2.0),
        "exact_determinant": of(f.exact_determinant, A=new(rows, 3, 3, 3)),
        "grad": of(gradient_at(f.grad, np.ones(2)), f=_sum_of_squares, argnums=0),
        "gram_schmidt": of(f.gram_schmidt, A=new(tensors, 0, 4, 3), modified=True),
        "integral_over_image": of(f.integral_over_image, f=lambda x: x[0], phi=lambda u: 2 * u, d=2, n=4),
        "jacobian": of(f.jacobian, f=np.exp, x=x3, mode="forward"),
        "js_divergence": of(f.js_divergence, p=new(shares, 0, 2, 3), q=new(shares, 1, 2, 3), base=2.0),
        "jvp": of(f.jvp, f=np.exp, x=x3, u=new(rows, 2, 3)),
        "kl_divergence": of(f.kl_divergence, p=new(shares, 0, 2, 3), q=new(shares, 1, 2, 3), base=2.0),
        "ksg": of(f.ksg, x=new(rows, 0, 12, 1), y=new(rows, 1, 12, 2), neighbours=3, base=2.0),
        "linear_regression": of(
            f.linear_regression, X=new(rows, 0, 12, 3), y=new(rows, 1, 12), intercept=True, refinements=1
        ),
        "lms": of(
            f.lms,
            X=new(rows, 0, 6, 2),
            y=new(rows, 1, 6),
            step_size=Fresh(lambda: np.full(6, 0.1)),
            start=new(rows, 2, 2),
        ),
        "logistic_regression": of(
            f.logistic_regression,
            X=new(rows, 0, 12, 2),
            y=Fresh(LABELS.copy),
            intercept=True,
            penalty=1.0,
            steps=50,
            tolerance=1e-10,
        ),
        "maximum_likelihood": of(
            f.maximum_likelihood,
            log_density=normal,
            x=new(tensors, 0, 2, 5),
            start=new(tensors, 1, 2, 1),
            steps=50,
        ),
        "modern_recall": of(
            f.modern_recall, patterns=new(rows, 0, 3, 4), state=new(rows, 1, 2, 4), beta=1.0, steps=2
        ),
        "mutual_information": of(f.mutual_information, p=Fresh(lambda: shares(0, 6).reshape(2, 3)), base=2.0),
        "newton_ascent": of(
            f.newton_ascent,
            X=new(rows, 0, 12, 2),
            y=Fresh(LABELS.copy),
            theta=Fresh(lambda: np.zeros(2)),
            steps=5,
            penalty=array(1.0, 2.0),
        ),
        "penalized": of(
            f.penalized,
            X=new(rows, 0, 12, 3),
            y=new(rows, 1, 12),
            l1=0.1,
            l2=0.1,
            loss="squared",
            intercept=True,
            tolerance=1e-8,
            steps=500,
        ),
        "perceptron": of(f.perceptron, X=new(rows, 0, 12, 3), y=Fresh(SIGNS.copy), epochs=20, intercept=True),
        "power_iteration": of(f.power_iteration, A=new(tensors, 0, 3, 3), x0=new(tensors, 1, 3), steps=3),
        "quadrature": of(f.quadrature, f=np.exp, a=array(0.0, 0.5), b=array(1.0, 2.0), n=4, rule="simpson"),
        "recall": of(
            f.recall,
            patterns=Fresh(lambda: np.sign(rows(0, 2, 4))),
            state=Fresh(lambda: np.sign(rows(1, 3, 4))),
            order=array(0, 1, 2, 3),
        ),
        "reverse_chain": of(
            f.reverse_chain,
            step=np.square,
            pullback=lambda x, bar: 2 * x * bar,
            x=x3,
            x_bar=new(rows, 2, 3),
            n=4,
            checkpoints=2,
            schedule="even",
        ),
        "round_to_format": of(f.round_to_format, x=x3, format="float16"),
        "rule_on_unit_interval": of(f.rule_on_unit_interval, n=4, rule="simpson"),
        "soft_threshold": of(f.soft_threshold, z=matrix, t=Fresh(lambda: np.abs(rows(3, 4, 3)))),
        "step_size": of(f.step_size, method="forward", x=x3),
        "summation": of(f.summation, x=matrix, method="kahan"),
        "taylor_coefficients": of(f.taylor_coefficients, f=np.cos, a=x3, order=3, direction=new(rows, 5, 3)),
        "taylor_polynomial": of(f.taylor_polynomial, f=np.cos, a=x3, x=new(rows, 5, 3), n=3),
        "two_product": of(f.two_product, a=x3, b=new(rows, 5, 3)),
        "two_sum": of(f.two_sum, a=x3, b=new(rows, 5, 3)),
        "value_and_grad": of(gradient_at(f.value_and_grad, np.ones(2)), f=_sum_of_squares, argnums=0),
        "vjp": of(
            lambda x, f: _pulled(f, x),
            f=np.exp,
            x=x3,
            spread="x",
        ),
        "LinearFit.interval": of(_linear().interval, level=0.9),
        "LinearFit.predict": of(_linear().predict, X=new(rows, 4, 5, 3)),
        "LogisticFit.interval": of(_logistic().interval, level=0.9),
        "LogisticFit.probability": of(_logistic().probability, X=new(rows, 4, 5, 2)),
    }
    return {f"gradus.foundations.{name}": example for name, example in examples.items()}


@cache
def _linear() -> Any:
    return f.linear_regression(rows(0, 12, 3), rows(1, 12))


@cache
def _logistic() -> Any:
    return f.logistic_regression(rows(0, 12, 2), LABELS, penalty=1.0)


def calls_of_distributions() -> dict[str, Example]:
    normal = Fresh(lambda: D.Normal(torch.zeros(3, dtype=torch.float64), torch.ones(3, dtype=torch.float64)))
    gamma = Fresh(
        lambda: D.Gamma(torch.full((3,), 2.0, dtype=torch.float64), torch.ones(3, dtype=torch.float64))
    )
    examples = {
        "as_scipy": of(lambda distribution: distributions.as_scipy(distribution).mean(), distribution=normal),
        "entropy": of(distributions.entropy, distribution=gamma),
        "fisher_information": of(distributions.fisher_information, distribution=gamma),
        "kl_divergence": of(distributions.kl_divergence, p=normal, q=normal),
        "log_cdf": of(distributions.log_cdf, distribution=normal, x=new(tensors, 0, 3)),
        "log_density": of(distributions.log_density, distribution=normal, x=new(tensors, 0, 3)),
        "log_survival": of(
            distributions.log_survival, distribution=gamma, x=Fresh(lambda: tensors(0, 3).abs())
        ),
        "multivariate_normal": of(
            distributions.multivariate_normal,
            mean=new(tensors, 0, 3),
            covariance=Fresh(lambda: torch.eye(3, dtype=torch.float64) + 1),
        ),
    }
    return {f"gradus.foundations.distributions.{name}": example for name, example in examples.items()}
