"""A right call of every public function and method: what its bad inputs are made from."""

from __future__ import annotations

import atexit
import inspect
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import numpy as np
import torch
from torch import distributions as D
from torch import nn

from gradus import foundations as f
from gradus import networks, optimization, training, vision
from gradus.data import Limits
from gradus.foundations import distributions
from tools.public_surface import PACKAGES, methods, public

__all__ = ["EXAMPLES", "WITHOUT", "Example", "callables", "rows"]


class Example(NamedTuple):
    """A call that is right.

    Attributes:
        call: what is called, by names.
        arguments: makes them anew.
        spread: the name of an argument of several (`*x`), if any.
    """

    call: Callable[..., Any]
    arguments: Callable[[], dict[str, Any]]
    spread: str = ""


RESULT = "a record of results, which its function makes"
WITHOUT: dict[str, str] = {
    **{
        f"gradus.foundations.{name}": RESULT
        for name in (
            "AnalysisOfVariance",
            "GradientCheck",
            "LikelihoodFit",
            "LinearFit",
            "LogisticFit",
            "PenalizedFit",
            "PerceptronFit",
        )
    },
    "gradus.networks.ActivationProperties": RESULT,
    "gradus.networks.Risk": RESULT,
    "gradus.networks.Graph": "made by its methods of_edges, of_matrix and batch",
    "gradus.networks.SparseMatrix": "made by its methods of_entries and of_dense",
    "gradus.data.Characters": RESULT,
    "gradus.data.Dataset": RESULT,
    "gradus.data.Listed": RESULT,
    "gradus.data.NodeGraph": RESULT,
    "gradus.data.Sentences": RESULT,
    "gradus.training.Checkpoint": RESULT,
    "gradus.training.Fitted": RESULT,
    "gradus.training.Run": RESULT,
    "gradus.GradusError": "an exception",
    "gradus.training.CheckpointError": "an exception",
    "gradus.training.Interrupted": "an exception",
    "gradus.training.NonFiniteError": "an exception",
    "gradus.explain": "takes any function of the user's; tests/explanation holds what it refuses",
    "gradus.training.Callback": "a class to be overridden, without arguments",
    "gradus.training.Callback.on_end": "called by `fit` alone",
    "gradus.training.Callback.on_epoch_end": "called by `fit` alone",
    "gradus.training.Callback.on_gradients": "called by `fit` alone",
    "gradus.training.Callback.on_start": "called by `fit` alone",
    "gradus.training.Callback.on_step_end": "called by `fit` alone",
    "gradus.training.GradientNorms.on_end": "called by `fit` alone",
    "gradus.training.GradientNorms.on_epoch_end": "called by `fit` alone",
    "gradus.training.GradientNorms.on_gradients": "called by `fit` alone",
    "gradus.training.GradientNorms.on_start": "called by `fit` alone",
    "gradus.training.GradientNorms.on_step_end": "called by `fit` alone",
    "gradus.training.Run.add": "called by `fit` alone",
    "gradus.training.Run.open_log": "called by callbacks alone",
    "gradus.training.Run.stop": "called by callbacks alone",
    "gradus.training.EarlyStopping": "options of `fit`; tests/training holds what they refuse",
    "gradus.training.GradientNorms": "options of `fit`; tests/training holds what they refuse",
    "gradus.training.fit": "its refusals are tests/training/test_fitting.py's",
    "gradus.training.export_weights": "a checkpoint's refusals are tests/training/test_checkpoint.py's",
    "gradus.training.load_checkpoint": "a checkpoint's refusals are tests/training/test_checkpoint.py's",
    "gradus.training.newest_checkpoint": "a checkpoint's refusals are tests/training/test_checkpoint.py's",
    "gradus.training.read_rows": "a log's refusals are tests/training's",
    "gradus.training.save_checkpoint": "a checkpoint's refusals are tests/training/test_checkpoint.py's",
    "gradus.data.fetch": "needs the network; tests/data/test_download.py holds what it refuses",
    "gradus.data.load_graph": "needs files that are not embedded",
    "gradus.data.load_sentences": "needs files that are not embedded",
    "gradus.data.Limits.budget": "called by `extract` alone",
    "gradus.data.Characters.summary": "takes no arguments",
    "gradus.data.NodeGraph.dense": "the numbers of nodes that it holds itself",
    "gradus.data.NodeGraph.summary": "takes no arguments",
    "gradus.data.Sentences.summary": "takes no arguments",
    "gradus.networks.Graph.to": "hands its arguments to torch.Tensor.to",
    "gradus.networks.SparseMatrix.dense": "takes no arguments",
    "gradus.networks.SparseMatrix.to": "hands its arguments to torch.Tensor.to",
    "gradus.networks.C4Convolution.extra_repr": "takes no arguments",
    "gradus.networks.GRU.extra_repr": "takes no arguments",
    "gradus.networks.GRU.reset_parameters": "takes no arguments",
    "gradus.networks.NeuralODE.extra_repr": "takes no arguments",
    "gradus.networks.PeepholeLSTM.extra_repr": "takes no arguments",
    "gradus.networks.PeepholeLSTM.reset_parameters": "takes no arguments",
    "gradus.networks.Residual.extra_repr": "takes no arguments",
    "gradus.networks.RotaryEncoding.extra_repr": "takes no arguments",
    "gradus.networks.SinusoidalEncoding.extra_repr": "takes no arguments",
    "gradus.vision.LeNet.layers_in_order": "takes no arguments",
}


def callables() -> list[str]:
    """The names of all public functions, classes and methods that take arguments."""
    names = []
    for package in PACKAGES:
        for name, value in public(package):
            if not callable(value):
                continue
            names.append(f"{package}.{name}")
            if inspect.isclass(value):
                names += [
                    f"{package}.{name}.{m}"
                    for m in methods(value)
                    if not isinstance(inspect.getattr_static(value, m), property)
                ]
    return names


def rows(seed: int, *shape: int) -> np.ndarray:
    """Random numbers, the same for the same seed."""
    return np.random.default_rng(seed).normal(size=shape)


def tensors(seed: int, *shape: int) -> torch.Tensor:
    """The same as a tensor in double precision."""
    return torch.as_tensor(rows(seed, *shape))


def shares(seed: int, *shape: int) -> torch.Tensor:
    """Probabilities along the last axis."""
    return torch.softmax(tensors(seed, *shape), -1)


LABELS = np.array([0.0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 0, 1])
SIGNS = np.where(LABELS > 0, 1.0, -1.0)


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


def _estimator(name: str, **parameters: Any) -> dict[str, Example]:
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


def _of(called: Callable[..., Any], /, spread: str = "", **makers: Any) -> Example:
    """A function and its arguments: those that are functions of no argument are called for each example."""
    return Example(
        called, lambda: {k: v.make() if isinstance(v, _Fresh) else v for k, v in makers.items()}, spread
    )


class _Fresh(NamedTuple):
    make: Callable[[], Any]


def _new(maker: Callable[..., Any], *arguments: Any) -> _Fresh:
    return _Fresh(lambda: maker(*arguments))


def _sum_of_squares(x: Any) -> Any:
    return np.sum(x**2)


def _gradient_at(make: Callable[..., Any], point: Any) -> Callable[..., Any]:
    """A function that makes a function: with it, a call of what it made."""
    return lambda **given: make(**given)(point)


def _pulled(function: Any, x: Any) -> Any:
    y, pull = f.vjp(function, x)
    return pull(np.ones(np.shape(y)))


def _array(*values: Any) -> _Fresh:
    return _Fresh(lambda: np.array(values))


def _t(*values: Any) -> _Fresh:
    return _Fresh(lambda: torch.tensor(values, dtype=torch.float64))


def _model(maker: Callable[..., nn.Module]) -> Callable[..., Any]:
    def called(**given: Any) -> Any:
        state = torch.random.get_rng_state()
        model = maker(**given)
        torch.random.set_rng_state(state)  # weights are drawn as PyTorch draws them
        return model

    return called


def _foundations() -> dict[str, Example]:
    x3, matrix = _new(rows, 1, 3), _new(rows, 2, 4, 3)
    normal = lambda x, theta: -((x - theta[..., 0]) ** 2) / 2
    examples = {
        "analysis_of_variance": _of(
            f.analysis_of_variance, y=_new(rows, 0, 6), group=_array(0, 0, 1, 1, 2, 2)
        ),
        "binomial_evaluations": _of(f.binomial_evaluations, n=10, checkpoints=3),
        "check_gradient": _of(
            f.check_gradient, f=_sum_of_squares, gradient=lambda x: 2 * x, x=x3, tolerance=1e-5, h=2.0**-13
        ),
        "checkpoint": _of(_gradient_at(f.checkpoint, np.ones(2)), f=np.exp),
        "classify": _of(f.classify, f=np.cos, x=x3, order=3, tolerance=1e-10),
        "classify_hessian": _of(
            f.classify_hessian, H=_Fresh(lambda: np.diag([1.0, 2.0, 3.0])), tolerance=1e-12
        ),
        "cross_entropy": _of(f.cross_entropy, p=_new(shares, 0, 2, 3), q=_new(shares, 1, 2, 3), base=2.0),
        "derivative": _of(f.derivative, f=np.exp, x=x3, h=1e-3, method="central"),
        "entropy": _of(f.entropy, p=_new(shares, 0, 2, 3), base=2.0),
        "exact_determinant": _of(f.exact_determinant, A=_new(rows, 3, 3, 3)),
        "grad": _of(_gradient_at(f.grad, np.ones(2)), f=_sum_of_squares, argnums=0),
        "gram_schmidt": _of(f.gram_schmidt, A=_new(tensors, 0, 4, 3), modified=True),
        "integral_over_image": _of(f.integral_over_image, f=lambda x: x[0], phi=lambda u: 2 * u, d=2, n=4),
        "jacobian": _of(f.jacobian, f=np.exp, x=x3, mode="forward"),
        "js_divergence": _of(f.js_divergence, p=_new(shares, 0, 2, 3), q=_new(shares, 1, 2, 3), base=2.0),
        "jvp": _of(f.jvp, f=np.exp, x=x3, u=_new(rows, 2, 3)),
        "kl_divergence": _of(f.kl_divergence, p=_new(shares, 0, 2, 3), q=_new(shares, 1, 2, 3), base=2.0),
        "ksg": _of(f.ksg, x=_new(rows, 0, 12, 1), y=_new(rows, 1, 12, 2), neighbours=3, base=2.0),
        "linear_regression": _of(
            f.linear_regression, X=_new(rows, 0, 12, 3), y=_new(rows, 1, 12), intercept=True, refinements=1
        ),
        "lms": _of(
            f.lms,
            X=_new(rows, 0, 6, 2),
            y=_new(rows, 1, 6),
            step_size=_Fresh(lambda: np.full(6, 0.1)),
            start=_new(rows, 2, 2),
        ),
        "logistic_regression": _of(
            f.logistic_regression,
            X=_new(rows, 0, 12, 2),
            y=_Fresh(LABELS.copy),
            intercept=True,
            penalty=1.0,
            steps=50,
            tolerance=1e-10,
        ),
        "maximum_likelihood": _of(
            f.maximum_likelihood,
            log_density=normal,
            x=_new(tensors, 0, 2, 5),
            start=_new(tensors, 1, 2, 1),
            steps=50,
        ),
        "modern_recall": _of(
            f.modern_recall, patterns=_new(rows, 0, 3, 4), state=_new(rows, 1, 2, 4), beta=1.0, steps=2
        ),
        "mutual_information": _of(
            f.mutual_information, p=_Fresh(lambda: shares(0, 6).reshape(2, 3)), base=2.0
        ),
        "newton_ascent": _of(
            f.newton_ascent,
            X=_new(rows, 0, 12, 2),
            y=_Fresh(LABELS.copy),
            theta=_Fresh(lambda: np.zeros(2)),
            steps=5,
            penalty=_array(1.0, 2.0),
        ),
        "penalized": _of(
            f.penalized,
            X=_new(rows, 0, 12, 3),
            y=_new(rows, 1, 12),
            l1=0.1,
            l2=0.1,
            loss="squared",
            intercept=True,
            tolerance=1e-8,
            steps=500,
        ),
        "perceptron": _of(
            f.perceptron, X=_new(rows, 0, 12, 3), y=_Fresh(SIGNS.copy), epochs=20, intercept=True
        ),
        "power_iteration": _of(f.power_iteration, A=_new(tensors, 0, 3, 3), x0=_new(tensors, 1, 3), steps=3),
        "quadrature": _of(
            f.quadrature, f=np.exp, a=_array(0.0, 0.5), b=_array(1.0, 2.0), n=4, rule="simpson"
        ),
        "recall": _of(
            f.recall,
            patterns=_Fresh(lambda: np.sign(rows(0, 2, 4))),
            state=_Fresh(lambda: np.sign(rows(1, 3, 4))),
            order=_array(0, 1, 2, 3),
        ),
        "reverse_chain": _of(
            f.reverse_chain,
            step=np.square,
            pullback=lambda x, bar: 2 * x * bar,
            x=x3,
            x_bar=_new(rows, 2, 3),
            n=4,
            checkpoints=2,
            schedule="even",
        ),
        "round_to_format": _of(f.round_to_format, x=x3, format="float16"),
        "rule_on_unit_interval": _of(f.rule_on_unit_interval, n=4, rule="simpson"),
        "soft_threshold": _of(f.soft_threshold, z=matrix, t=_Fresh(lambda: np.abs(rows(3, 4, 3)))),
        "step_size": _of(f.step_size, method="forward", x=x3),
        "summation": _of(f.summation, x=matrix, method="kahan"),
        "taylor_coefficients": _of(
            f.taylor_coefficients, f=np.cos, a=x3, order=3, direction=_new(rows, 5, 3)
        ),
        "taylor_polynomial": _of(f.taylor_polynomial, f=np.cos, a=x3, x=_new(rows, 5, 3), n=3),
        "two_product": _of(f.two_product, a=x3, b=_new(rows, 5, 3)),
        "two_sum": _of(f.two_sum, a=x3, b=_new(rows, 5, 3)),
        "value_and_grad": _of(_gradient_at(f.value_and_grad, np.ones(2)), f=_sum_of_squares, argnums=0),
        "vjp": _of(
            lambda x, f: _pulled(f, x),
            f=np.exp,
            x=x3,
            spread="x",
        ),
        "LinearFit.interval": _of(_linear().interval, level=0.9),
        "LinearFit.predict": _of(_linear().predict, X=_new(rows, 4, 5, 3)),
        "LogisticFit.interval": _of(_logistic().interval, level=0.9),
        "LogisticFit.probability": _of(_logistic().probability, X=_new(rows, 4, 5, 2)),
    }
    return {f"gradus.foundations.{name}": example for name, example in examples.items()}


@cache
def _linear() -> Any:
    return f.linear_regression(rows(0, 12, 3), rows(1, 12))


@cache
def _logistic() -> Any:
    return f.logistic_regression(rows(0, 12, 2), LABELS, penalty=1.0)


def _distributions() -> dict[str, Example]:
    normal = _Fresh(lambda: D.Normal(torch.zeros(3, dtype=torch.float64), torch.ones(3, dtype=torch.float64)))
    gamma = _Fresh(
        lambda: D.Gamma(torch.full((3,), 2.0, dtype=torch.float64), torch.ones(3, dtype=torch.float64))
    )
    examples = {
        "as_scipy": _of(
            lambda distribution: distributions.as_scipy(distribution).mean(), distribution=normal
        ),
        "entropy": _of(distributions.entropy, distribution=gamma),
        "fisher_information": _of(distributions.fisher_information, distribution=gamma),
        "kl_divergence": _of(distributions.kl_divergence, p=normal, q=normal),
        "log_cdf": _of(distributions.log_cdf, distribution=normal, x=_new(tensors, 0, 3)),
        "log_density": _of(distributions.log_density, distribution=normal, x=_new(tensors, 0, 3)),
        "log_survival": _of(
            distributions.log_survival, distribution=gamma, x=_Fresh(lambda: tensors(0, 3).abs())
        ),
        "multivariate_normal": _of(
            distributions.multivariate_normal,
            mean=_new(tensors, 0, 3),
            covariance=_Fresh(lambda: torch.eye(3, dtype=torch.float64) + 1),
        ),
    }
    return {f"gradus.foundations.distributions.{name}": example for name, example in examples.items()}


def _drawn(layer: Callable[..., nn.Module], **options: Any) -> nn.Module:
    """A layer in double precision, whose random weights leave the generator as it was."""
    with torch.random.fork_rng(devices=[]):
        return layer(**options).double()


def _networks() -> dict[str, Example]:
    absolute = lambda c, y: (c - y).abs()
    images = dict(
        x=_new(tensors, 0, 2, 4, 5, 5),
        w=_new(tensors, 1, 6, 2, 3, 3),
        b=_new(tensors, 2, 6),
        stride=1,
        padding=1,
        dilation=1,
        groups=2,
    )
    block = dict(
        x=_new(tensors, 0, 2, 3),
        W1=_new(tensors, 1, 4, 3),
        b1=_new(tensors, 2, 4),
        W2=_new(tensors, 3, 5, 4),
        b2=_new(tensors, 4, 5),
        W_s=_new(tensors, 5, 5, 3),
        alpha=0.5,
    )
    asked = dict(
        S=_new(tensors, 0, 2, 3, 4),
        H=_new(tensors, 1, 2, 5, 3),
        pad=_Fresh(lambda: torch.tensor([[False] * 5, [False] * 3 + [True] * 2])),
    )
    scored = dict(W=_new(tensors, 2, 6, 4), U=_new(tensors, 3, 6, 3), v=_new(tensors, 4, 6))
    peephole = dict(
        x=_new(tensors, 0, 2, 4, 3),
        W=_new(tensors, 1, 4, 5, 3),
        U=_new(tensors, 2, 4, 5, 5),
        P=_new(tensors, 3, 3, 5),
        b=_new(tensors, 4, 4, 5),
        h0=_new(tensors, 5, 2, 5),
        c0=_new(tensors, 6, 2, 5),
        lengths=_Fresh(lambda: torch.tensor([4, 2])),
    )
    gated = dict(
        x=_new(tensors, 0, 2, 4, 3),
        W=_new(tensors, 1, 3, 5, 3),
        U=_new(tensors, 2, 3, 5, 5),
        b=_new(tensors, 3, 3, 5),
        c=_new(tensors, 4, 3, 5),
        h0=_new(tensors, 5, 2, 5),
        reset_after=False,
        lengths=_Fresh(lambda: torch.tensor([4, 2])),
    )
    of_three = dict(x=_new(tensors, 0, 2, 4, 3), lengths=_Fresh(lambda: torch.tensor([4, 2])))
    examples = {
        "GRU": _of(
            lambda **given: _drawn(networks.GRU, **given)(torch.ones(2, 4, 3).double()),
            input_size=3,
            hidden_size=5,
            batch_first=True,
            reset_after=False,
        ),
        "GRU.forward": _of(
            _drawn(networks.GRU, input_size=3, hidden_size=5, batch_first=True).forward,
            x=of_three["x"],
            h0=_new(tensors, 1, 1, 2, 5),
            lengths=of_three["lengths"],
        ),
        "PeepholeLSTM": _of(
            lambda **given: _drawn(networks.PeepholeLSTM, **given)(torch.ones(2, 4, 3).double()),
            input_size=3,
            hidden_size=5,
            batch_first=True,
        ),
        "PeepholeLSTM.forward": _of(
            _drawn(networks.PeepholeLSTM, input_size=3, hidden_size=5, batch_first=True).forward,
            x=of_three["x"],
            states=_Fresh(lambda: (tensors(1, 1, 2, 5), tensors(2, 1, 2, 5))),
            lengths=of_three["lengths"],
        ),
        "gru": _of(networks.gru, **gated),
        "peephole_lstm": _of(networks.peephole_lstm, **peephole),
        "C4Convolution": _of(
            _model(networks.C4Convolution), inputs=1, outputs=2, kernel=3, padding=1, bias=True, lifting=True
        ),
        "C4Convolution.forward": _of(
            _model(networks.C4Convolution)(inputs=1, outputs=2, kernel=3, lifting=True).double().forward,
            x=_new(tensors, 0, 2, 1, 4, 4),
        ),
        "NeuralODE": _of(
            lambda **given: networks.NeuralODE(**given)(torch.ones(2, 3)),
            field=torch.sin,
            time=0.5,
            steps=2,
            order=4,
        ),
        "NeuralODE.forward": _of(networks.NeuralODE(torch.sin).forward, x=_new(tensors, 0, 2, 3)),
        "AdditiveAttention": _of(_model(networks.AdditiveAttention), states=4, annotations=3, units=6),
        "AdditiveAttention.forward": _of(_additive().forward, **asked),
        "additive_attention": _of(networks.additive_attention, **asked, **scored),
        "Residual": _of(
            lambda **given: networks.Residual(**given)(torch.ones(2, 3)),
            branch=torch.relu,
            shortcut=torch.sin,
            scale=0.5,
        ),
        "Residual.forward": _of(networks.Residual(torch.sin).forward, x=_new(tensors, 0, 2, 3)),
        "RotaryEncoding": _of(
            lambda **given: networks.RotaryEncoding(**given)(torch.ones(2, 4)), base=100.0, pairs="halves"
        ),
        "RotaryEncoding.forward": _of(
            networks.RotaryEncoding().forward, x=_new(tensors, 0, 2, 4), t=_new(tensors, 1, 2)
        ),
        "SinusoidalEncoding": _of(
            lambda **given: networks.SinusoidalEncoding(**given)(torch.ones(2, 4)), d=4, base=100.0
        ),
        "SinusoidalEncoding.forward": _of(
            networks.SinusoidalEncoding(4).forward, x=_new(tensors, 0, 2, 4), t=_new(tensors, 1, 2)
        ),
        "activation_properties": _of(
            networks.activation_properties,
            function=torch.relu,
            x=_Fresh(lambda: torch.linspace(-2, 2, 9, dtype=torch.float64)),
        ),
        "c4_convolution": _of(
            networks.c4_convolution,
            x=_new(tensors, 0, 2, 1, 4, 5, 5),
            w=_new(tensors, 1, 2, 1, 4, 3, 3),
            b=_new(tensors, 2, 2),
            padding=1,
        ),
        "constant_risk": _of(
            networks.constant_risk,
            loss=absolute,
            y=_new(tensors, 0, 3),
            p=_new(shares, 1, 3),
            c=_Fresh(lambda: torch.linspace(-1, 1, 5, dtype=torch.float64)),
        ),
        "fft_convolution": _of(networks.fft_convolution, **images),
        "hinge_loss": _of(networks.hinge_loss, s=_new(tensors, 0, 4), y=_t(1.0, -1.0, 1.0, 1.0)),
        "im2col_convolution": _of(networks.im2col_convolution, **images),
        "neural_ode": _of(
            networks.neural_ode, field=torch.sin, x=_new(tensors, 0, 2, 3), time=0.5, steps=2, order=1
        ),
        "online_attention": _of(
            networks.online_attention,
            Q=_new(tensors, 0, 2, 3, 4),
            K=_new(tensors, 1, 2, 5, 4),
            V=_new(tensors, 2, 2, 5, 3),
            causal=False,
            scale=0.5,
            block=2,
        ),
        "rotary_encoding": _of(
            networks.rotary_encoding,
            x=_new(tensors, 0, 2, 4),
            t=_new(tensors, 1, 2),
            base=100.0,
            pairs="halves",
        ),
        "sinusoidal_encoding": _of(
            networks.sinusoidal_encoding, t=_new(tensors, 0, 2), d=4, base=100.0, dtype=torch.float32
        ),
        "residual_block": _of(networks.residual_block, **block),
        "zero_last_": _of(networks.zero_last_, branch=_Fresh(lambda: nn.Sequential(nn.LayerNorm(2)))),
    }
    return {f"gradus.networks.{name}": example for name, example in (examples | _graphs()).items()}


def _seeded(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, which leaves PyTorch's generator as it was."""

    def call(**given: Any) -> Any:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return function(**given)

    return call


def _ring() -> torch.Tensor:
    """Adjacency matrix of four nodes in a ring."""
    return torch.roll(torch.eye(4, dtype=torch.float64), 1, 0) + torch.roll(
        torch.eye(4, dtype=torch.float64), -1, 0
    )


def _graphs() -> dict[str, Example]:
    Graph, SparseMatrix = networks.Graph, networks.SparseMatrix
    graph, sparse = Graph.of_matrix(_ring()), SparseMatrix.of_dense(_ring())
    pairs = _Fresh(lambda: torch.tensor([[0, 1, 2], [1, 2, 3]]))
    A, H = _Fresh(_ring), _new(tensors, 0, 4, 3)
    heads = dict(W=_new(tensors, 1, 2, 3, 5), a=_new(tensors, 2, 2, 5), a_neighbour=_new(tensors, 3, 2, 5))
    return {
        "Graph.of_edges": _of(
            Graph.of_edges, edges=pairs, nodes=4, weights=_t(1.0, 2.0, 1.0), undirected=True
        ),
        "Graph.of_matrix": _of(Graph.of_matrix, A=A),
        "Graph.batch": _of(Graph.batch, graphs=[graph, graph]),
        "Graph.heads": _of(graph.heads, count=2),
        "SparseMatrix.of_entries": _of(
            SparseMatrix.of_entries,
            rows=_Fresh(lambda: torch.tensor([0, 1, 3])),
            columns=_Fresh(lambda: torch.tensor([2, 1, 0])),
            values=_t(1.0, 2.0, 1.0),
            shape=(4, 3),
        ),
        "SparseMatrix.of_dense": _of(SparseMatrix.of_dense, matrix=A),
        "SparseMatrix.product": _of(sparse.product, dense=H, values=_new(tensors, 1, 8)),
        "SparseMatrix.with_values": _of(sparse.with_values, values=_new(tensors, 0, 8)),
        "SparseMatrix.dropout": _of(_seeded(sparse.dropout), p=0.5, training=True),
        "gcn_layer": _of(networks.gcn_layer, A=A, H=H, W=_new(tensors, 1, 3, 2), b=_new(tensors, 2, 2)),
        "GCNLayer": _of(_seeded(networks.GCNLayer), inputs=3, outputs=2, bias=True),
        "GCNLayer.forward": _of(networks.GCNLayer(3, 2).double().forward, A=A, H=H),
        "GCN": _of(_seeded(networks.GCN), inputs=3, hidden=4, classes=2, dropout=0.5),
        "GCN.forward": _of(networks.GCN(3, 4, 2).double().eval().forward, A=A, X=H),
        "gin_layer": _of(
            networks.gin_layer,
            A=A,
            H=H,
            W1=_new(tensors, 1, 3, 5),
            b1=_new(tensors, 2, 5),
            W2=_new(tensors, 3, 5, 2),
            b2=_new(tensors, 4, 2),
            epsilon=0.5,
        ),
        "GINLayer": _of(_seeded(networks.GINLayer), inputs=3, hidden=4, outputs=2, learn_epsilon=True),
        "GINLayer.forward": _of(networks.GINLayer(3, 4, 2).double().forward, A=A, H=H),
        "gat_layer": _of(_seeded(networks.gat_layer), A=A, H=H, **heads, slope=0.2, dropout=0.0),
        "GATLayer": _of(
            _seeded(networks.GATLayer), inputs=3, outputs=2, heads=2, concat=True, dropout=0.0, slope=0.2
        ),
        "GATLayer.forward": _of(networks.GATLayer(3, 2, 2).double().forward, A=A, H=H),
        "GAT": _of(_seeded(networks.GAT), inputs=3, hidden=4, classes=2, heads=2, last_heads=1, dropout=0.5),
        "GAT.forward": _of(networks.GAT(3, 4, 2, 2).double().eval().forward, A=A, X=H),
    }


def _others() -> dict[str, Example]:
    sgd = lambda parameters: torch.optim.SGD(parameters, lr=0.1)
    small = vision.LeNet
    return {
        "gradus.optimization.clip_by_global_norm": _of(
            optimization.clip_by_global_norm,
            gradients=_Fresh(lambda: [tensors(0, 3), tensors(1, 2, 2)]),
            max_norm=1.0,
            epsilon=1e-6,
        ),
        "gradus.optimization.quadratic": _of(
            _gradient_at(optimization.quadratic, np.ones(3)),
            hessian=_Fresh(lambda: np.diag([1.0, 2, 3])),
            minimiser=_new(rows, 0, 3),
        ),
        "gradus.optimization.scripted": _of(
            _gradient_at(optimization.scripted, np.ones(3)), gradients=_new(rows, 0, 2, 3)
        ),
        "gradus.optimization.trajectory": _of(
            optimization.trajectory,
            make_optimizer=sgd,
            gradient=lambda theta: theta,
            theta0=_new(rows, 0, 3),
            steps=2,
            step_sizes=_array(0.1, 0.2),
            function=lambda theta: theta.square().sum(),
        ),
        "gradus.vision.LeNet": _of(
            _model(small), classes=3, channels=1, size=28, activation="relu", pooling="max"
        ),
        "gradus.vision.LeNet.forward": _of(_lenet().forward, x=_Fresh(lambda: tensors(0, 1, 1, 8, 8))),
        "gradus.vision.random_affine": _of(
            _augmented,
            inputs=_new(tensors, 0, 2, 1, 6, 6),
            generator=_Fresh(lambda: torch.Generator().manual_seed(0)),
            degrees=5.0,
            shift=0.5,
            scale=1.1,
        ),
        "gradus.training.accuracy": _of(
            training.accuracy,
            outputs=_new(tensors, 0, 4, 3),
            targets=_Fresh(lambda: torch.tensor([0, 1, 2, 0])),
        ),
        "gradus.data.Limits": _of(Limits, max_bytes=100, max_entries=3, max_ratio=2.0),
        "gradus.data.data_directory": _of(
            import_module("gradus.data").data_directory, data_dir=str(_folder() / "somewhere")
        ),
        "gradus.data.extract": _of(
            import_module("gradus.data").extract,
            archive=str(_folder() / "a.zip"),
            folder=_Fresh(lambda: str(_folder() / uuid4().hex)),
            limits=Limits(),
        ),
        "gradus.data.list_datasets": _of(import_module("gradus.data").list_datasets, data_dir=str(_folder())),
        "gradus.data.load": _of(
            import_module("gradus.data").load, name="iris", data_dir=str(_folder()), seed=0, download=False
        ),
        "gradus.data.load_characters": _of(
            import_module("gradus.data").load_characters, name="alice", data_dir=str(_folder())
        ),
        "gradus.data.read_idx": _of(
            import_module("gradus.data").read_idx, path=str(_folder() / "a.idx"), max_bytes=1000
        ),
        "gradus.data.read_npy": _of(import_module("gradus.data").read_npy, path=str(_folder() / "a.npy")),
    }


def _augmented(**given: Any) -> Any:
    return vision.random_affine(**given)


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="gradus-arguments-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    np.save(folder / "a.npy", np.ones(3))
    (folder / "a.idx").write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 1, 2, 3]))
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        archive.writestr("a.txt", "a")
    return folder


@cache
def _additive() -> networks.AdditiveAttention:
    with torch.random.fork_rng(devices=[]):
        return networks.AdditiveAttention(4, 3, 6).double()


@cache
def _lenet() -> vision.LeNet:
    state = torch.random.get_rng_state()
    model = vision.LeNet(3, size=8).double()
    torch.random.set_rng_state(state)
    return model


_SHARED = dict(l1_ratio=0.5, fit_intercept=True, tol=1e-6, max_iter=200)
EXAMPLES: dict[str, Example] = {
    **_foundations(),
    **_distributions(),
    **_networks(),
    **_others(),
    **_estimator(
        "Adaline", step_size=0.01, decay=0.1, max_iter=20, tol=0.5, fit_intercept=True, random_state=0
    ),
    **_estimator("Hopfield", max_iter=5, threshold=0.0),
    **_estimator("ModernHopfield", beta=1.0, max_iter=5, tol=1e-6),
    **_estimator("LinearRegression", penalty="l2", alpha=0.1, **_SHARED),
    **_estimator("LogisticRegression", penalty="l2", C=1.0, **_SHARED),
    **_estimator("Perceptron", max_iter=50, fit_intercept=True, averaged=False),
}
